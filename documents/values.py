"""Which attribute values a page can show: the same table as frontend/src/editor/sync/values.ts."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from .html import ALIGNMENTS, CALLOUTS, COLORS
from .links import is_safe_href

MAX_SPAN = 1000

type Test = Callable[[Any], bool]


def bad_attributes(kind: str, known: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The names of the attributes of a node or mark that are unknown or hold what they must not."""
    tests = _TESTS.get(kind, {})
    return [
        name
        for name, value in values.items()
        if value is not None and not (name in known and tests.get(name, _is_scalar)(value))
    ]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_scalar(value: Any) -> bool:
    return _is_text(value) or _is_number(value) or _is_flag(value)


def _is_span(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_SPAN


def _is_widths(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_SPAN and all(map(_is_number, value))


def _is_level(value: Any) -> bool:
    return _is_span(value) and value <= 4


def _one_of(words: frozenset[str]) -> Test:
    return lambda value: isinstance(value, str) and value in words


_CELL: dict[str, Test] = {"colspan": _is_span, "rowspan": _is_span, "colwidth": _is_widths}
_TESTS: dict[str, dict[str, Test]] = {
    "paragraph": {"textAlign": _one_of(ALIGNMENTS)},
    "heading": {"level": _is_level, "textAlign": _one_of(ALIGNMENTS)},
    "orderedList": {"start": _is_number, "type": _is_text},
    "taskItem": {"checked": _is_flag},
    "codeBlock": {"language": _is_text},
    "tableCell": _CELL,
    "tableHeader": _CELL,
    "image": {
        "src": is_safe_href,
        "alt": _is_text,
        "width": _is_number,
        "pixelWidth": _is_number,
        "pixelHeight": _is_number,
    },
    "callout": {"kind": _one_of(CALLOUTS)},
    "inlineMath": {"latex": _is_text},
    "blockMath": {"latex": _is_text},
    "link": {"href": is_safe_href},
    "highlight": {"color": _one_of(COLORS)},
    "textColor": {"color": _one_of(COLORS)},
}
