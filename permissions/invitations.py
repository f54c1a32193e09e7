"""Invitations: a role that waits for somebody, behind a secret in a link.

One is claimed once. Whether its maker may give the role is asked when it is claimed, under the object's lock, so an
invitation of somebody who lost the right gives nothing. What waits for an address is for accounts with that address
*and* the secret: whoever signs up says which address is theirs, and only the letter proves it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import audit, letters, notices
from .access import access_for, roles_of
from .audit import Action
from .concrete import rows_beside
from .errors import (
    ROLE_NAMES,
    GuestsComeByLink,
    InvitationExpired,
    InvitationRevoked,
    InvitationToTrash,
    InvitationUsed,
    MakerCannot,
    NoInvitation,
    NotByAddress,
    SharingError,
    TooManyInvitations,
    WrongAddress,
)
from .holders import read_address
from .models import Guarded, Invitation, User
from .notices import Kind
from .roles import Role
from .sharing import acting, holding, role_by_name, settle, write_role
from .signals import announce
from .whence import site_address

SECRET_BYTES = 24
MAX_SECRET_CHARACTERS = 64  # of what is shown that are looked at
MAX_OPEN = 500  # of one object: a page that nobody reads to its end
UNMAILED = ("console", "dummy")  # backends from which no mail gets anywhere


@dataclass(frozen=True, slots=True)
class Made:
    """A new invitation. `secret` has no other copy, unless it was mailed."""

    invitation: Invitation
    secret: str
    mailed: bool

    @property
    def address(self) -> str:
        """The whole link, to be given to whom it is for."""
        return site_address(path_of(self.secret))


@dataclass(frozen=True, slots=True)
class Pending:
    """An invitation that waits. `is_void`: its maker may not give its role (any more), so nobody can claim it."""

    pk: int
    email: str
    role: Role
    made_by: User
    made_at: datetime
    expires_at: datetime
    is_void: bool


def invite(*, by: User, obj: Guarded, role: Role, email: str = "") -> Made:
    """Invite whoever has this address; with none, the first who comes with the link. An older one to it is void.

    Raises `NotAllowed`, `NoAddress`, `NotByAddress` for the owner's role, `TooManyInvitations`.
    """
    with acting(by=by, obj=obj, least=Role.OWNER):
        made = put_out(by=by, obj=obj, role=role, email=email)
        announce(type(obj), obj.pk, people=())
    return made


def put_out(*, by: User, obj: Guarded, role: Role, email: str) -> Made:
    """What `invite` does, for a verb that holds the lock, has asked for the right, and announces."""
    if role is Role.OWNER:
        raise NotByAddress(email or _("Whoever has the link"))
    email = read_address(email) if email.strip() else ""
    _keep_bounds(by, obj)
    now = timezone.now()
    if email:
        obj.invitations.filter(_open(), email=email).update(revoked_at=now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation: Invitation = obj.invitations.create(
        digest=digest(secret),
        email=email,
        role=role,
        made_by=by,
        expires_at=now + timedelta(days=settings.INVITATION_DAYS),
    )
    audit.record(Action.INVITED, by=by, obj=obj, subject=email or None, after=role)
    made = Made(invitation, secret, mailed=bool(email) and has_mail())
    if made.mailed:
        letters.write(to=email, subject=_subject(by, obj), text=_text(made, by, obj))
    return made


def uninvite(*, by: User, obj: Guarded, invitation: int) -> None:
    """Take an open invitation back. Raises `NotAllowed`, `NoInvitation`."""
    with acting(by=by, obj=obj, least=Role.OWNER):
        found = obj.invitations.filter(_open(), pk=invitation).first()
        if found is None:
            raise NoInvitation
        obj.invitations.filter(pk=invitation).update(revoked_at=timezone.now())
        audit.record(Action.UNINVITED, by=by, obj=obj, subject=found.email or None, before=Role(found.role))
        announce(type(obj), obj.pk, people=())


def claim(*, by: User, invitation: Invitation) -> Role:
    """Take the role that waits; the one that `by` has from then on, which is never lower than before.

    Raises what `why_not` says, asked again under the lock: of two who claim at once, one comes too late.
    """
    obj: Guarded = _object_of(invitation)
    with holding(obj):
        rows = rows_beside(type(obj), "invitations").select_related("made_by", "content_object")
        found: Invitation = rows.get(pk=invitation.pk)
        wrong = why_not(found, by)
        if wrong is not None:
            raise wrong
        before = role_by_name(obj, by)
        role = max(before or Role.VIEWER, Role(found.role))
        if role is not before:
            write_role(obj=obj, to=by, role=role)
        found.claimed_by, found.claimed_at = by, timezone.now()
        found.save(update_fields=["claimed_by", "claimed_at"])
        settle(by=found.made_by, obj=obj, person=by, role=role)
        audit.record(Action.CLAIMED, by=by, obj=obj, subject=by, before=before, after=role)
        notices.tell(Kind.CLAIMED, to=found.made_by, by=by, obj=obj, role=role)
        announce(type(obj), obj.pk, people={by.pk})
    return role


def why_not(invitation: Invitation, person: User | None) -> SharingError | None:
    """Why `person` cannot claim it now; without one, why nobody can. None: nothing is wrong."""
    obj, maker = _object_of(invitation), invitation.made_by
    if invitation.claimed_at is not None:
        return InvitationUsed(maker.display_name)
    if invitation.revoked_at is not None:
        return InvitationRevoked()
    if invitation.expires_at <= timezone.now():
        return InvitationExpired(maker.display_name)
    if obj.trashed_at is not None:
        return InvitationToTrash()
    if not _may_give(access_for(maker, obj).role, invitation):
        return MakerCannot(maker.display_name)
    if person is None:
        return None
    if person.is_guest:
        return GuestsComeByLink(person.display_name)
    if invitation.email and invitation.email.lower() != person.email.lower():
        return WrongAddress(shown_address(invitation.email))
    return None


def find(model: type[Guarded], secret: str) -> Invitation | None:
    """The invitation of this secret, open or not, with its maker and its object."""
    invitations = rows_beside(model, "invitations").select_related("made_by", "content_object")
    return invitations.filter(digest=digest(secret[:MAX_SECRET_CHARACTERS])).first()


def open_invitations(obj: Guarded) -> list[Pending]:
    """Those that nobody has claimed, newest first. No check: for owners' eyes."""
    found: list[Invitation] = list(obj.invitations.filter(_open()).select_related("made_by").order_by("-pk"))
    roles = roles_of(type(obj), {(obj.pk, each.made_by_id) for each in found})
    return [
        Pending(
            each.pk,
            each.email,
            Role(each.role),
            each.made_by,
            each.made_at,
            each.expires_at,
            is_void=not _may_give(roles.get((obj.pk, each.made_by_id)), each),
        )
        for each in found
    ]


def path_of(secret: str) -> str:
    return reverse("invitation", args=[secret])


def digest(secret: str) -> str:
    """What an invitation is kept and found by. Nobody guesses its 192 bits, so a fast hash will do."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def shown_address(email: str) -> str:
    """As much of an address as tells its owner that it is theirs: `a…@example.org`."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}…@{host}"


def has_mail() -> bool:
    """Whether mail gets to people, or to the terminal of the one who runs this."""
    return not any(f".{name}." in settings.MAILERS["default"]["BACKEND"] for name in UNMAILED)


def _keep_bounds(by: User, obj: Guarded) -> None:
    if obj.invitations.filter(_open()).count() >= MAX_OPEN:
        raise TooManyInvitations(MAX_OPEN, a_day=False)
    since = timezone.now() - timedelta(days=1)
    today = rows_beside(type(obj), "invitations").filter(made_by=by, made_at__gt=since)
    if today.count() >= settings.INVITATIONS_PER_DAY:
        raise TooManyInvitations(settings.INVITATIONS_PER_DAY, a_day=True)


def _may_give(role: Role | None, invitation: Invitation) -> bool:
    """Only owners give access, and nobody gives more than they have."""
    return role is Role.OWNER and invitation.role <= role


def _open() -> models.Q:
    return models.Q(claimed_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())


def _object_of(invitation: Any) -> Guarded:
    obj: Guarded = invitation.content_object
    return obj


def _subject(by: User, obj: Guarded) -> str:
    return _("%(name)s invites you to %(title)s") % {"name": by.display_name, "title": obj.name or _("Untitled")}


def _text(made: Made, by: User, obj: Guarded) -> str:
    values = {
        "name": by.display_name,
        "title": obj.name or _("Untitled"),
        "role": ROLE_NAMES[Role(made.invitation.role)],
        "address": made.address,
        "days": settings.INVITATION_DAYS,
    }
    return (
        _(
            "%(name)s invites you to “%(title)s” as %(role)s.\n\n%(address)s\n\n"
            "The link works once, for %(days)d days, for the account with this address; you can make one there. "
            "If you do not know %(name)s, do nothing."
        )
        % values
    )
