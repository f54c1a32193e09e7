"""Asking for access: who may know that there is something to ask for, and what the owners answer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from . import audit, notices
from .access import access_for
from .audit import Action
from .concrete import rows_beside
from .errors import (
    AnsweredAlready,
    AskedAlready,
    AskedTooOften,
    CannotAsk,
    HasAccess,
    IsDeactivated,
    NoRequest,
    WordsTooLong,
)
from .models import AccessRequest, AuditEntry, Guarded, User
from .notices import Kind
from .roles import Role
from .sharing import acting, give, holding, owners_of, role_by_name
from .signals import announce

MAX_WORDS_CHARACTERS = 200
REST_AFTER_DECLINE = timedelta(days=7)


def may_ask(person: User, obj: Guarded) -> bool:
    """Whether `person`, who has no access, may know that `obj` exists: it says so to all, or they have been in it."""
    if obj.trashed_at is not None or person.is_guest or not person.is_active:
        return False
    return obj.admits_requests or _has_been_in(person, obj)


def ask(*, by: User, obj: Guarded, role: Role, words: str = "") -> AccessRequest:
    """Ask the owners for this role. They are told at once.

    Raises `CannotAsk` (say that nothing is here), `HasAccess`, `AskedAlready`, `AskedTooOften`, `WordsTooLong`, and
    `ValueError` for the owner's role.
    """
    if role is Role.OWNER:
        raise ValueError("Ownership is offered, not asked for.")
    words = " ".join(words.replace("\0", " ").split())
    if len(words) > MAX_WORDS_CHARACTERS:
        raise WordsTooLong(len(words), MAX_WORDS_CHARACTERS)
    with holding(obj):
        fresh = type(obj)._default_manager.filter(pk=obj.pk).first()
        if fresh is None:
            raise CannotAsk
        has = access_for(by, fresh).role
        if has is None and not may_ask(by, fresh):
            raise CannotAsk
        if has is not None and has >= role:
            raise HasAccess(has)
        _keep_bounds(by, fresh)
        made: AccessRequest = fresh.access_requests.create(user=by, role=role, words=words)
        audit.record(Action.REQUESTED, by=by, obj=fresh, subject=by, before=has, after=role)
        notices.tell(Kind.REQUESTED, to=owners_of(fresh), by=by, obj=fresh, role=role)
        announce(type(obj), obj.pk, people=())
    return made


def answer(*, by: User, obj: Guarded, request: int, role: Role | None) -> None:
    """Give the one who asked this role (never less than they have), or nothing: that is a refusal.

    Raises `NotAllowed`, `NoRequest`, `AnsweredAlready`, `IsDeactivated`, and `ValueError` for the owner's role.
    """
    if role is Role.OWNER:
        raise ValueError("Ownership is offered, not asked for.")
    with acting(by=by, obj=obj, least=Role.OWNER):
        found: AccessRequest | None = (
            obj.access_requests.filter(pk=request).select_related("user", "answered_by").first()
        )
        if found is None:
            raise NoRequest
        if found.answered_at is not None:
            raise AnsweredAlready(found.answered_by.display_name if found.answered_by else "")
        if role is not None and not found.user.is_active:
            raise IsDeactivated(found.user.display_name)
        found.answered_at, found.answered_by, found.granted = timezone.now(), by, role
        found.save(update_fields=["answered_at", "answered_by", "granted"])
        audit.record(Action.ANSWERED, by=by, obj=obj, subject=found.user, before=Role(found.role), after=role)
        before = role_by_name(obj, found.user)
        if role is not None and (before is None or before < role):
            give(by=by, obj=obj, to=found.user, role=role, untold=True)
        notices.tell(Kind.ANSWERED, to=found.user, by=by, obj=obj, role=role)
        announce(type(obj), obj.pk, people={found.user_id})


def admit_requests(*, by: User, obj: Guarded, admits: bool) -> None:
    """Let everybody who has the address know that there is something to ask for, or nobody. Raises `NotAllowed`."""
    with acting(by=by, obj=obj, least=Role.OWNER):
        if type(obj)._default_manager.filter(pk=obj.pk).exclude(admits_requests=admits).update(admits_requests=admits):
            before, after = ("", "admits requests") if admits else ("admits requests", "")
            audit.record(Action.LINK, by=by, obj=obj, before=before, after=after)
            announce(type(obj), obj.pk, people=())
    obj.admits_requests = admits


def open_requests(obj: Guarded) -> list[AccessRequest]:
    """Those that nobody has answered, oldest first. No check: for owners' eyes."""
    found: list[AccessRequest] = list(
        obj.access_requests.filter(answered_at__isnull=True, user__is_active=True).select_related("user").order_by("pk")
    )
    return found


def open_request(person: User, obj: Guarded) -> AccessRequest | None:
    """What `person` asked for and nobody has answered."""
    found: AccessRequest | None = obj.access_requests.filter(user=person, answered_at__isnull=True).first()
    return found


def asks_again_at(person: User, obj: Guarded) -> datetime | None:
    """When `person`, who was declined, may ask again; None: now."""
    declined: datetime | None = obj.access_requests.filter(
        user=person, granted__isnull=True, answered_at__gt=timezone.now() - REST_AFTER_DECLINE
    ).aggregate(last=models.Max("answered_at"))["last"]
    return None if declined is None else declined + REST_AFTER_DECLINE


def _keep_bounds(person: User, obj: Guarded) -> None:
    if open_request(person, obj) is not None:
        raise AskedAlready
    if asks_again_at(person, obj) is not None:
        raise AskedTooOften(days=REST_AFTER_DECLINE.days)
    since = timezone.now() - timedelta(days=1)
    today = rows_beside(type(obj), "access_requests").filter(user=person, made_at__gt=since)
    if today.count() >= settings.REQUESTS_PER_DAY:
        raise AskedTooOften


def _has_been_in(person: User, obj: Guarded) -> bool:
    """Whether they wrote in it, were given access by name, or came in by its link."""
    if obj.has_known(person):
        return True
    entries = AuditEntry.objects.filter(object_id=obj.pk)
    given = models.Q(subject_kind="user", subject_id=person.pk) & ~models.Q(action=Action.REQUESTED)
    passed = models.Q(action=Action.PASSED, actor_id=person.pk)
    return entries.filter(given | passed).exists()
