"""Markdown: GitHub's, with highlights, underlines, formulas, mentions, callouts and toggles.

`read(write(tree)) == tree` for all that Markdown has words for; docs/schema.md, "Markdown", says what is lost.
"""

from .reader import TooLarge, read
from .writer import write

__all__ = ["TooLarge", "read", "write"]
