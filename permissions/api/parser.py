"""Reading what is sent, strictly and within bounds, before anything is made of it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from permissions.problems import MAX_BODY_BYTES, Problem


class StrictParser(Parser):
    """`larger`: the bounds, in bytes, of the routes of these names; of all others `MAX_BODY_BYTES`.

    What it raises ninja wraps, as the cause of its own error.
    """

    def __init__(self, larger: Mapping[str, int]) -> None:
        self._larger = larger

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises `Problem` 400 naming what is wrong."""
        name = request.resolver_match.url_name if request.resolver_match else None
        most = self._larger.get(name or "", MAX_BODY_BYTES)
        if len(request.body) > most:
            raise Problem(HTTPStatus.BAD_REQUEST, _("The body is over %(kib)d KiB.") % {"kib": most // 1024})
        try:
            found = json.loads(request.body)
        except (ValueError, RecursionError):
            raise Problem(HTTPStatus.BAD_REQUEST, _("The body is not JSON.")) from None
        if not isinstance(found, dict):
            raise Problem(HTTPStatus.BAD_REQUEST, _("The body is JSON, but not an object."))
        for field, value in found.items():
            _refuse_what_is_no_text(field[:40], [field, value])
        return found

    def parse_querydict(self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest) -> Any:
        for field in data:
            _refuse_what_is_no_text(field[:40], [field, *data.getlist(field)])
        return super().parse_querydict(cast(Any, data), list_fields, request)


def _refuse_what_is_no_text(field: str, value: Any) -> None:
    """PostgreSQL has no NUL in text, and half a surrogate pair has no encoding: neither can be stored."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in each):
                sentence = _('"%(name)s" has a character that is no text.') % {"name": _printable(field)}
                raise Problem(HTTPStatus.BAD_REQUEST, sentence, field=_printable(field))
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]


def _printable(field: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in field)
