"""Bounds on guessing: of passwords (django-axes counts), of addresses (a count in the cache).

Axes counts in the database, so its bound holds for all processes together. The cache is in each process's memory: with
n processes an address may sign up n times as often. Enough against a flood, and nothing to set up.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.core.cache import cache
from django.db.models import Max
from django.http import HttpRequest

from .address import counted_address
from .models import Guarded, User

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Limit:
    """So many acts of a kind in an hour from one address. The hour begins with the first of them."""

    act: str
    setting: str

    def take(self, request: HttpRequest) -> bool:
        """Count one act; False when it is one too many."""
        key = f"limit:{self.act}:{counted_address(request)}"
        if cache.add(key, 1, timeout=HOUR_S):
            return True
        try:
            count: int = cache.incr(key)
        except ValueError:  # the hour ended between the two
            return True
        allowed: int = getattr(settings, self.setting)
        return count <= allowed


SIGN_UPS = Limit("sign-up", "SIGN_UPS_PER_HOUR")
RESETS = Limit("reset", "RESETS_PER_HOUR")
GUESTS = Limit("guest", "GUESTS_PER_HOUR")


def account_of(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """For axes: what failures are counted under. The user name and the e-mail address are one account's, in any case;
    a name that nobody has is counted too, so that a lock tells nothing.
    """
    typed = str((credentials or request.POST).get("username") or "")[:254]
    person = User.objects.named(typed)
    return person.username if person is not None else typed.lower()


def locked_until(request: HttpRequest, username: str) -> datetime | None:
    """When this name may be tried again from this address; None when it is not locked. After `authenticate`."""
    if not getattr(request, "axes_locked_out", False):
        return None
    return _free_at(request, account_of(request, {"username": username}))


def _free_at(request: HttpRequest, account: str) -> datetime | None:
    tries = AccessAttempt.objects.filter(username=account, ip_address=counted_address(request))
    newest: datetime | None = tries.aggregate(newest=Max("attempt_time"))["newest"]
    cool_off = get_cool_off(request)
    return newest + cool_off if newest is not None and cool_off is not None else None


def link_locked_until(request: HttpRequest, obj: Guarded) -> datetime | None:
    """When the password of this object's link may be guessed again from this address; None: now.

    Counted and bounded as those of accounts are.
    """
    if AxesProxyHandler.is_allowed(request, {"username": _link_account(obj)}):
        return None
    return _free_at(request, _link_account(obj))


def count_link_guess(request: HttpRequest, obj: Guarded) -> None:
    """A password of this object's link was wrong."""
    AxesProxyHandler.user_login_failed(sender=__name__, credentials={"username": _link_account(obj)}, request=request)


def forgive_link_guesses(request: HttpRequest, obj: Guarded) -> None:
    """Somebody at this address knows the password."""
    reset(username=_link_account(obj), ip=counted_address(request))


def _link_account(obj: Guarded) -> str:
    return f"the link of {obj.pk}"  # with spaces in it: nobody's user name


def forgive(person: User) -> None:
    """Unlock an account everywhere: its owner has shown who they are in another way."""
    reset(username=person.username)
