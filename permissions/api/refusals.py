"""What pydantic says about a body or a query, as a problem: one sentence for people, about the first thing wrong."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja.errors import ValidationError

from permissions.problems import Problem

_SENTENCES = {
    "extra_forbidden": gettext_lazy('The body has "%(name)s", which means nothing here.'),
    "string_type": gettext_lazy('"%(name)s" must be text.'),
    "bool_type": gettext_lazy('"%(name)s" must be true or false.'),
    "bool_parsing": gettext_lazy('"%(name)s" must be true or false.'),
    "int_type": gettext_lazy('"%(name)s" must be a whole number.'),
    "int_parsing": gettext_lazy('"%(name)s" must be a whole number.'),
    "list_type": gettext_lazy('"%(name)s" must be a list.'),
    "uuid_parsing": gettext_lazy('"%(name)s" must be a UUID.'),
    "datetime_parsing": gettext_lazy('"%(name)s" must be a time like 2026-01-31T12:00:00Z.'),
    "string_too_long": gettext_lazy('"%(name)s" may have at most %(max_length)s characters.'),
    "string_too_short": gettext_lazy('"%(name)s" must not be empty.'),
    "too_long": gettext_lazy('"%(name)s" may have at most %(max_length)s items.'),
    "too_short": gettext_lazy('"%(name)s" must not be empty.'),
    "literal_error": gettext_lazy('"%(name)s" must be one of %(expected)s.'),
    "enum": gettext_lazy('"%(name)s" must be one of %(expected)s.'),
}
_OTHERS = gettext_lazy('"%(name)s" is not what is expected here.')


def refusal(error: ValidationError) -> Problem:
    """The problem to answer a request that does not fit its operation."""
    first: Mapping[str, Any] = error.errors[0]
    names = [str(part) for part in first["loc"] if isinstance(part, str)]
    # In a body the first two are "body" and the name of our parameter; in a query the first is "query".
    named = names[2:] if names[0] == "body" else names[1:]
    if not named:
        return Problem(HTTPStatus.BAD_REQUEST, _("The body is not JSON."))
    name = named[0][:40]
    if first["type"] == "missing":
        where = _('The body lacks "%(name)s".') if names[0] == "body" else _('The address lacks "%(name)s".')
        return Problem(HTTPStatus.BAD_REQUEST, where % {"name": name}, field=name)
    values = {key: value for key, value in first.get("ctx", {}).items() if isinstance(value, str | int)}
    if "expected" in values:  # as in: 'viewer', 'editor' or 'owner'
        values["expected"] = ", ".join(re.findall(r"'([^']*)'", str(values["expected"])))
    sentence = str(_SENTENCES.get(first["type"], _OTHERS)) % {**values, "name": name}
    return Problem(HTTPStatus.BAD_REQUEST, sentence, field=name)
