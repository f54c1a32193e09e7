"""A greeting by the reader's own clock, which the browser tells in a cookie: minutes east of UTC."""

import re
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

COOKIE = "coscribe_clock"
MINUTES = re.compile(r"-?[0-9]{1,3}")


def greet(name: str, clock: str | None, *, now: datetime | None = None) -> str:
    """ "Good morning, Ada", where it is morning; without a clock, a greeting for every hour."""
    hour = _hour(clock, now or datetime.now(UTC))
    if hour is None:
        return _("Hello, %(name)s") % {"name": name}
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}


def _hour(clock: str | None, now: datetime) -> int | None:
    if clock is None or not MINUTES.fullmatch(clock) or abs(int(clock)) > 14 * 60:
        return None
    return (now + timedelta(minutes=int(clock))).hour
