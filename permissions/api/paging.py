"""Lists as pages that follow each other by key: a page begins after the last item of the one before, wherever that is
by now.
"""

import base64
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Query

from permissions.problems import Problem

from .shapes import MAX_NUMBER

PAGE_SIZE = 50
MAX_KEY_CHARACTERS = 2_000

After = Annotated[
    str, Query("", max_length=MAX_KEY_CHARACTERS, description="`next` of the page before; nothing for the first.")
]

type Key = list[str | int]


def page[T](items: Sequence[T], *, key: Callable[[T], Key], after: str) -> tuple[list[T], str]:
    """The items after that key, and the key of the page after them; empty when there is none.

    `items` are sorted by their key here; each key is another's, and all have parts of the same types. Raises `Problem`.
    """
    ordered = sorted(items, key=key)
    if after:
        begin = _read(after)
        if ordered and [type(part) for part in begin] != [type(part) for part in key(ordered[0])]:
            raise unreadable()
        ordered = [item for item in ordered if key(item) > begin]
    more = len(ordered) > PAGE_SIZE
    return ordered[:PAGE_SIZE], _write(key(ordered[PAGE_SIZE - 1])) if more else ""


def number_in(after: str) -> int | None:
    """The number in the key of a page of numbered rows, newest first; None for the first page. Raises `Problem`."""
    if not after:
        return None
    match _read(after):
        case [int(number)]:
            return number
    raise unreadable()


def following[T](rows: Sequence[T], number: Callable[[T], int]) -> tuple[list[T], str]:
    """Of `PAGE_SIZE` numbered rows and perhaps one more: those of the page, and the key of the next."""
    more = len(rows) > PAGE_SIZE
    return list(rows[:PAGE_SIZE]), _write([number(rows[PAGE_SIZE - 1])]) if more else ""


def unreadable() -> Problem:
    """For an `after` that no page's `next` was."""
    return Problem(HTTPStatus.BAD_REQUEST, _("There is no page after that."), field="after")


def _write(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(text: str) -> Key:
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        raise unreadable() from None
    if not isinstance(found, list) or not all(type(part) in (str, int) for part in found):
        raise unreadable()
    if any(abs(part) > MAX_NUMBER for part in found if isinstance(part, int)):
        raise unreadable()
    return found
