"""Django's own SQLite, but a statement is put into SQLite's style once.

Django looks for the `%s` of every statement it runs, each time: 25 us for the question who may edit, which SQLite
answers in 16.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

STATEMENTS = 256
LONGEST = 8 << 10  # characters of one that is kept: the journal's longest has 6,000


class Cursor(SQLiteCursorWrapper):
    """Django's, that remembers."""

    def convert_query(self, query: str, *, param_names: Sequence[str] | None = None) -> str:
        """The statement with `?` for `%s`, or with `:name` for `%(name)s`."""
        if param_names is None and len(query) <= LONGEST:
            return _with_marks(query)
        return super().convert_query(query, param_names=param_names)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with our cursor."""

    def create_cursor(self, name: str | None = None) -> Any:
        """A new cursor."""
        return self.connection.cursor(factory=Cursor)


@lru_cache(maxsize=STATEMENTS)
def _with_marks(query: str) -> str:
    return SQLiteCursorWrapper.convert_query(None, query)  # type: ignore[arg-type]  # a function, but for its place
