"""The link of an object: what anybody gets who comes by its address, until when, and what they have to show.

A link may have a key, which is part of the address since the link was rotated, and a password. Where it has either, its
role is for those who have shown it: they hold a pass of the link's version. A new key and a new password are a new
version, so one number voids all passes, and passes are made under the lock that rotating takes.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from django.contrib.auth.hashers import check_password, make_password
from django.db import router, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from . import audit
from .access import most_of_guests, most_of_links, pass_model
from .errors import BadLink, LinkForbidden, NoEntrance, WrongPassword
from .models import Guarded, User
from .roles import Role
from .sharing import acting
from .signals import announce

KEY_BYTES = 16  # of chance in a key: 22 letters
PASSWORD_LENGTHS = range(6, 129)  # short enough to be said on the telephone; guesses are counted (`throttle.LINKS`)


class Keep(Enum):
    """Says of a part of the setting that it stays as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
type Kept = Literal[Keep.KEEP]


@dataclass(frozen=True, slots=True)
class Link:
    """The setting, to be shown. `most` is the highest role that links give here; None: they give none.

    `key` is as good as the role: it is for those who may share.
    """

    role: Role | None
    expires_at: datetime | None
    key: str
    has_password: bool
    most: Role | None


@dataclass(frozen=True, slots=True)
class Gate:
    """What a link offers to somebody who shows its key: this role, after the password if there is one."""

    role: Role
    has_password: bool


def link_of(obj: Guarded) -> Link:
    """The setting of `obj`, as it was read."""
    role = None if obj.link_role is None else Role(obj.link_role)
    key = obj.link_key if role is not None else ""
    return Link(role, obj.link_expires_at, key, bool(obj.link_password), most_of_links())


def set_link(
    *,
    by: User,
    obj: Guarded,
    role: Role | None,
    expires_at: datetime | None = None,
    password: str | Kept | None = KEEP,
    rotate: bool = False,
) -> None:
    """Let anybody with the address in with `role`, until `expires_at`; nobody for `None`, which forgets all the rest.

    `password` is kept unless one is given; an empty one takes it away. `rotate` makes a new address: the one that went
    around opens nothing any more, and who came by it is out. A link that is closed and opened again after that has a
    new address too. Raises `NotAllowed`, `LinkForbidden`, `BadLink`, and `ValueError` for the owner's role.
    """
    if role is Role.OWNER:
        raise ValueError("A link cannot make owners: expected viewer, commenter or editor.")
    _check(role, expires_at, password)
    hashed = make_password(password) if role is not None and isinstance(password, str) and password else ""
    with acting(by=by, obj=obj, least=Role.OWNER):
        before = _locked(obj)
        after = {
            "link_role": role,
            "link_expires_at": expires_at if role is not None else None,
            "link_key": before.link_key,
            "link_password": before.link_password if password is KEEP and role is not None else hashed,
            "link_version": before.link_version,
        }
        if role is None:
            rotate = before.link_key != ""
        if rotate:
            after["link_key"] = secrets.token_urlsafe(KEY_BYTES)
        if rotate or hashed or role is None:
            after["link_version"] = before.link_version + 1
        type(obj)._default_manager.filter(pk=obj.pk).update(**after)
        for field, value in after.items():
            setattr(obj, field, value)
        _record(by, obj, before, rotated=rotate and role is not None, new_password=bool(hashed))
        announce(type(obj), obj.pk)


def gate(obj: Guarded, *, key: str, guest: bool) -> Gate | None:
    """What the link of `obj` offers to somebody who came with this key, as of now; None: nothing.

    `guest`: to somebody without an account.
    """
    most = most_of_guests() if guest else most_of_links()
    if obj.link_role is None or most is None or obj.trashed_at is not None or _is_over(obj):
        return None
    if obj.link_key and not constant_time_compare(key, obj.link_key):
        return None
    return Gate(min(Role(obj.link_role), most), bool(obj.link_password))


def has_pass(person: User, obj: Guarded) -> bool:
    """Whether this person has shown what the link of `obj` asks for now."""
    passes = pass_model(type(obj))._default_manager
    return passes.filter(content_object=obj, user=person, version=obj.link_version).exists()


def enter(*, person: User, obj: Guarded, key: str = "", password: str = "") -> None:
    """Make a pass for somebody who shows what the link asks for. Read `obj` just before.

    Raises `NoEntrance` where the link offers them nothing (any more), `WrongPassword`.
    """
    check(obj, key=key, password=password, guest=person.is_guest)
    make_pass(person=person, obj=obj, key=key)


def check(obj: Guarded, *, key: str, password: str, guest: bool) -> None:
    """Whether this is what the link asks for. Outside of transactions: it takes a while, for that is how guessing is
    made slow, and everybody's edits would wait.

    Raises `NoEntrance`, `WrongPassword`.
    """
    offered = gate(obj, key=key, guest=guest)
    if offered is None:
        raise NoEntrance
    if offered.has_password and not check_password(password, obj.link_password):
        raise WrongPassword


def make_pass(*, person: User, obj: Guarded, key: str) -> None:
    """For somebody who was checked against `obj` as it was read. Raises `NoEntrance` if the link changed since."""
    with transaction.atomic(using=router.db_for_write(type(obj))):
        now = _locked(obj)
        offered = gate(now, key=key, guest=person.is_guest)
        if now.link_version != obj.link_version or offered is None:
            raise NoEntrance  # what was shown is not what is asked for now
        if not (now.link_key or now.link_password or person.is_guest):
            return  # nothing was asked for, and nothing is to be remembered
        passes = pass_model(type(obj))._default_manager
        passes.update_or_create(content_object=obj, user=person, defaults={"version": now.link_version})
        audit.record(audit.Action.PASSED, by=person, obj=obj, after=offered.role)
        announce(type(obj), obj.pk, people=frozenset({person.pk}))


def _check(role: Role | None, expires_at: datetime | None, password: str | Kept | None) -> None:
    most = most_of_links()
    if role is None:
        return
    if most is None or role > most:
        raise LinkForbidden(most)
    if expires_at is not None and expires_at <= timezone.now():
        raise BadLink("expires_at", _("That time is over already."))
    if isinstance(password, str) and password and len(password) not in PASSWORD_LENGTHS:
        bounds = {"least": PASSWORD_LENGTHS.start, "most": PASSWORD_LENGTHS.stop - 1}
        raise BadLink("password", _("A password has %(least)d to %(most)d letters.") % bounds)


def _locked(obj: Guarded) -> Guarded:
    """The object as it is now, locked until the transaction ends. Raises `NoEntrance` when it is gone."""
    manager = type(obj)._default_manager.using(router.db_for_write(type(obj)))
    found = manager.select_for_update().filter(pk=obj.pk).first()
    if found is None:
        raise NoEntrance
    return found


def _is_over(obj: Guarded) -> bool:
    return obj.link_expires_at is not None and obj.link_expires_at <= timezone.now()


def _record(by: User, obj: Guarded, before: Guarded, *, rotated: bool, new_password: bool) -> None:
    """The audit log names what changed; keys and passwords are never in it."""
    if _words(before) != _words(obj):
        audit.record(audit.Action.LINK, by=by, obj=obj, before=_words(before), after=_words(obj))
    elif new_password:
        audit.record(audit.Action.LINK, by=by, obj=obj, after="new password")
    if rotated:
        audit.record(audit.Action.LINK, by=by, obj=obj, after="new address")


def _words(obj: Guarded) -> str:
    if obj.link_role is None:
        return "restricted"
    words = [Role(obj.link_role).label]
    if obj.link_password:
        words.append("password")
    if obj.link_expires_at is not None:
        words.append(f"until {obj.link_expires_at:%Y-%m-%d}")
    return ", ".join(words)
