"""Sharing with whom somebody names: one person or a pasted list, people with an account or addresses without.

All or nothing: what is wrong with one name is said of that name, and then nobody is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _

from .errors import ROLE_NAMES, NamesRefused, NobodyNamed, NotByAddress, SharingError, TooManyNames
from .holders import Address, Holder, holders_named
from .invitations import Made, put_out
from .models import Guarded, Invitation, User
from .roles import Role
from .sharing import acting, give, name_of, people_behind, role_by_name
from .signals import announce

MAX_NAMES = 100  # at once: a department; more is a group, or a mistake


class Outcome(StrEnum):
    """What became of one name."""

    GRANTED = "granted"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    INVITED = "invited"


@dataclass(frozen=True, slots=True)
class Added:
    """A name as it was typed, and what became of it. `sentence` says so; `holder` or `made` is whom, or what."""

    text: str
    outcome: Outcome
    sentence: str
    holder: User | Group | None = None
    made: Made | None = None

    @property
    def invitation(self) -> Invitation | None:
        return self.made.invitation if self.made is not None else None

    @property
    def address(self) -> str | None:
        """The invitation's link, to be copied by its maker now or never: where mail brings it to nobody."""
        return self.made.address if self.made is not None and not self.made.mailed else None


def share(*, by: User, obj: Guarded, names: Sequence[str], role: Role) -> list[Added]:
    """Give `role` to all of these, in the order they were named; nobody has less than before.

    Raises `NotAllowed`, `NobodyNamed`, `TooManyNames`, `NamesRefused`, `TooManyInvitations`; then nothing was done.
    """
    texts = [text for text in dict.fromkeys(names) if text.strip()]
    if not texts:
        raise NobodyNamed
    if len(texts) > MAX_NAMES:
        raise TooManyNames(len(texts), MAX_NAMES)
    with acting(by=by, obj=obj, least=Role.OWNER):
        holders = _holders(texts, role, by)
        added = [_add(text, holder, by=by, obj=obj, role=role) for text, holder in holders.items()]
        touched = [each.holder for each in added if each.holder is not None and each.outcome is not Outcome.UNCHANGED]
        if touched or any(each.made for each in added):
            people = {person for holder in touched for person in people_behind(holder)}
            announce(type(obj), obj.pk, people=people)
    return added


def _holders(texts: list[str], role: Role, by: User) -> dict[str, Holder]:
    """Who is meant by each text, none twice. Raises `NamesRefused`."""
    refused: dict[str, str] = {}
    holders: dict[str, Holder] = {}
    for text, found in holders_named(texts, asked_by=by).items():
        if isinstance(found, SharingError):
            refused[text] = str(found)
        elif isinstance(found, Address) and role is Role.OWNER:
            refused[text] = str(NotByAddress(found.email))
        elif found not in holders.values():
            holders[text] = found
    if refused:
        raise NamesRefused(refused)
    return holders


def _add(text: str, holder: Holder, *, by: User, obj: Guarded, role: Role) -> Added:
    if isinstance(holder, Address):
        made = put_out(by=by, obj=obj, role=role, email=holder.email)
        return Added(text, Outcome.INVITED, _("%(name)s is invited.") % {"name": holder.email}, made=made)
    before = role_by_name(obj, holder)
    if holder == by:
        return Added(text, Outcome.UNCHANGED, _("That is you: you have access already."), holder)
    if before is not None and before >= role:
        values = {"name": name_of(holder), "role": ROLE_NAMES[before]}
        return Added(text, Outcome.UNCHANGED, _("%(name)s has access already, as %(role)s.") % values, holder)
    give(by=by, obj=obj, to=holder, role=role)
    values = {"name": name_of(holder), "role": ROLE_NAMES[role]}
    outcome = Outcome.GRANTED if before is None else Outcome.CHANGED
    return Added(text, outcome, _("%(name)s has access now, as %(role)s.") % values, holder)
