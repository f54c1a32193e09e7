"""Every page, menu and dialog of the product, each brought about as a person does it.

Pictures are made of them (`make screenshots`), axe looks at each, nothing may scroll sideways on a narrow screen, and
the pseudo-locale walks through all. A new page, menu or dialog belongs here: a function in the module of its place.
"""

import pytest

from . import account, dialogs, groups, guests, home, inbox, people, share, text, tools, trouble
from .harbour import PEOPLE, TITLES
from .stage import SCENES, VARIANTS, Stage

# Looked at in every run; the others in the long form (`make test-long`): three looks at all eighty take ten minutes.
OFTEN = (
    "sign-in",
    "sign-up",
    "home",
    "home-empty",
    "document",
    "document-empty",
    "share-dialog",
    "share-waiting",
    "share-link-settings",
    "account",
    "help-sheet",
    "inbox-open",
    "groups-open",
    "guest-entrance",
)
EACH = [name if name in OFTEN else pytest.param(name, marks=pytest.mark.long) for name in SCENES]

__all__ = ["EACH", "PEOPLE", "SCENES", "TITLES", "VARIANTS", "Stage"]
__all__ += [
    module.__name__.rpartition(".")[2]
    for module in (account, dialogs, groups, guests, home, inbox, people, share, text, tools, trouble)
]
