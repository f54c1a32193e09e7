"""Handing over: an owner offers ownership to somebody who has access, and it passes when that person accepts.

The giver stays as an editor. An offer is worth what its giver is: of one who is no owner any more it is void.
"""

from typing import Any

from django.db import models

from . import audit, notices
from .access import access_for, named_on, roles_of
from .audit import Action
from .concrete import rows_beside
from .errors import (
    GuestsComeByLink,
    InTrash,
    IsDeactivated,
    IsOwner,
    NoOffer,
    NotAMember,
    OfferedAlready,
    OfferVoid,
)
from .models import Guarded, OwnershipOffer, User
from .notices import Kind
from .roles import Role
from .sharing import acting, holding, role_by_name, settle, write_role
from .signals import announce


def offer(*, by: User, obj: Guarded, to: User) -> OwnershipOffer:
    """Offer it to somebody who has access by name or through a group. Offering again to the same person renews it.

    Raises `NotAllowed`, `NotAMember`, `IsOwner`, `IsDeactivated`, `GuestsComeByLink`, `OfferedAlready`.
    """
    with acting(by=by, obj=obj, least=Role.OWNER):
        _check_receiver(obj, to)
        pending = offer_of(obj)
        if pending is not None and pending.to_id != to.pk:
            raise OfferedAlready(pending.to.display_name)
        offers_of(obj).delete()
        made: OwnershipOffer = offers_of(obj).model._default_manager.create(content_object=obj, by=by, to=to)
        audit.record(Action.OFFERED, by=by, obj=obj, subject=to, before=role_by_name(obj, to), after=Role.OWNER)
        notices.tell(Kind.OFFERED, to=to, by=by, obj=obj, role=Role.OWNER)
        announce(type(obj), obj.pk, people=())
    return made


def withdraw(*, by: User, obj: Guarded) -> None:
    """Take an offer back: any owner may. Raises `NotAllowed`, `NoOffer`."""
    with acting(by=by, obj=obj, least=Role.OWNER):
        _end(by=by, obj=obj)


def decline(*, by: User, obj: Guarded) -> None:
    """Say no to what one was offered. Raises `NoOffer`."""
    with holding(obj):
        if not offers_of(obj).filter(to=by).exists():
            raise NoOffer
        found = _end(by=by, obj=obj)
        notices.tell(Kind.OFFERED, to=found.by, by=by, obj=obj)


def accept(*, by: User, obj: Guarded) -> None:
    """Become the owner; the giver becomes an editor.

    Raises `NoOffer`, `InTrash`, `OfferVoid` when the giver owns it no more, `NotAMember` when `by` lost their access
    meanwhile.
    """
    with holding(obj):
        found = offers_of(obj).filter(to=by).select_related("by", "to").first()
        if found is None:
            raise NoOffer
        if type(obj)._default_manager.filter(pk=obj.pk, trashed_at__isnull=False).exists():
            raise InTrash
        giver = found.by
        if access_for(giver, obj).role is not Role.OWNER:
            raise OfferVoid(giver.display_name)
        before = _check_receiver(obj, found.to)
        write_role(obj=obj, to=by, role=Role.OWNER)
        if role_by_name(obj, giver) is Role.OWNER:  # else they own it through a group, and do so on
            write_role(obj=obj, to=giver, role=Role.EDITOR)
            audit.record(Action.CHANGED, by=by, obj=obj, subject=giver, before=Role.OWNER, after=Role.EDITOR)
        obj.hand_to(by)
        offers_of(obj).delete()
        settle(by=giver, obj=obj, person=by, role=Role.OWNER)
        audit.record(Action.TRANSFERRED, by=by, obj=obj, subject=by, before=before, after=Role.OWNER)
        notices.tell(Kind.OFFERED, to=giver, by=by, obj=obj, role=Role.EDITOR)
        announce(type(obj), obj.pk, people={by.pk, giver.pk})


def offer_of(obj: Guarded) -> OwnershipOffer | None:
    """The offer that can be accepted now. No check: for the eyes of owners, and of the one it is made to."""
    found = offers_of(obj).select_related("by", "to").first()
    if found is None:
        return None
    role = roles_of(type(obj), [(obj.pk, found.by_id)]).get((obj.pk, found.by_id))
    return found if role is Role.OWNER and found.to.is_active else None


def offers_of(obj: Guarded) -> models.QuerySet[Any]:
    """The rows: none or one."""
    return rows_beside(type(obj), "ownership_offer").filter(content_object=obj)


def _end(*, by: User, obj: Guarded) -> OwnershipOffer:
    found: OwnershipOffer | None = offers_of(obj).select_related("by", "to").first()
    if found is None:
        raise NoOffer
    offers_of(obj).delete()
    audit.record(Action.OFFERED, by=by, obj=obj, subject=found.to, before=Role.OWNER)
    announce(type(obj), obj.pk, people=())
    return found


def _check_receiver(obj: Guarded, to: User) -> Role:
    """The role that the receiver has. Raises what stands against their owning it."""
    if to.is_guest:
        raise GuestsComeByLink(to.display_name)
    if not User.objects.filter(pk=to.pk, is_active=True).exists():
        raise IsDeactivated(to.display_name)
    if role_by_name(obj, to) is Role.OWNER:
        raise IsOwner(to.display_name)
    role = access_for(to, obj).role
    if role is None or not named_on(type(obj), [obj.pk], [to.pk]):  # the link makes nobody a member
        raise NotAMember(to.display_name)
    return role
