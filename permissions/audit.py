"""The audit log: who changed whose access, when, and from where.

An entry is written in the transaction of the act, so there is none without the other. The application only ever adds:
`AuditEntry` refuses to be changed or deleted (`models`); `expire` is the one exception, for an operator's setting.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group

from .clock import database_now
from .models import AuditEntry, Guarded, User
from .roles import Role
from .whence import whence

Action = AuditEntry.Action

PAGE = 50
AT_ONCE = 1_000
LENGTHS = {field.name: field.max_length for field in AuditEntry._meta.concrete_fields}


def record(
    action: AuditEntry.Action,
    *,
    by: User | None,
    obj: Guarded | None = None,
    subject: User | Group | str | None = None,
    before: Role | str | None = "",
    after: Role | str | None = "",
) -> AuditEntry:
    """Write down an act, in the caller's transaction. `by`: nobody for an operator's command.

    `subject`: whose access it is about: a person, a group, or an e-mail address; nothing for the link's. `before` and
    `after`: a role, nothing, or a few words for programs (at most 40 characters), never a secret.
    """
    kind, number, name = _described(action, subject)
    return AuditEntry.objects.create(
        action=action,
        object_id=obj.pk if obj is not None else None,
        object_name=_cut(obj.name, "object_name") if obj is not None else "",
        actor_id=by.pk if by is not None else None,
        actor_name=_cut(by.display_name, "actor_name") if by is not None else "",
        subject_kind=kind,
        subject_id=number,
        subject_name=_cut(name, "subject_name"),
        before=_cut(_word(before), "before"),
        after=_cut(_word(after), "after"),
        address=whence().address or None,
    )


def entries_of(object_id: UUID, *, before: int | None = None, limit: int = PAGE) -> list[AuditEntry]:
    """The acts on one object, newest first. The next page is that `before` the last one's `pk`.

    No check: the caller has found out that the reader is an owner.
    """
    found = AuditEntry.objects.filter(object_id=object_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[: max(0, limit)])


def lines_since(since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """All entries from that time on, oldest first, as values of JSON."""
    found = AuditEntry.objects.order_by("pk")
    if since is not None:
        found = found.filter(at__gte=since)
    return map(as_json, found.iterator(chunk_size=AT_ONCE))


def as_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry as values of JSON. Object, actor and subject are null where there is none; `actor`: an operator."""
    thing = {"id": str(entry.object_id), "name": entry.object_name}
    actor = {"id": entry.actor_id, "name": entry.actor_name}
    subject = {"kind": entry.subject_kind, "id": entry.subject_id, "name": entry.subject_name}
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "action": entry.action,
        "object": thing if entry.object_id else None,
        "actor": actor if entry.actor_id else None,
        "subject": subject if entry.subject_kind else None,
        "before": entry.before,
        "after": entry.after,
        "address": entry.address,
    }


def expire(now: datetime | None = None) -> int:
    """Delete what is older than `AUDIT_DAYS`; how many that were. The only deletion there is."""
    if not settings.AUDIT_DAYS:
        return 0
    return AuditEntry.objects.forget_before((now or database_now()) - timedelta(days=settings.AUDIT_DAYS))


def _described(action: AuditEntry.Action, subject: User | Group | str | None) -> tuple[str, int | None, str]:
    if isinstance(subject, User):
        return "user", subject.pk, subject.display_name
    if isinstance(subject, Group):
        team = getattr(subject, "team", None)  # the group's own name is a number where people made it
        return "group", subject.pk, team.name if team is not None else subject.name
    if subject:
        return "email", None, subject
    return ("link" if action in (Action.LINK, Action.PASSED) else ""), None, ""


def _word(value: Role | str | None) -> str:
    return value.label if isinstance(value, Role) else value or ""


def _cut(text: str, field: str) -> str:
    return text[: LENGTHS[field]]
