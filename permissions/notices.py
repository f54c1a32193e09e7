"""What people are told: in the inbox of their pages, counted live, and by mail if they like.

A notice is written in the transaction of the act it tells of. Nobody is told of what they did themselves. Who is told
the same again before they have read it has one notice of it, renewed, and not two.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from . import letters, notice_mail
from .models import Guarded, Notice, User
from .notice_mail import OF_EACH_ACTOR, topic_of
from .roles import Role
from .signals import announce_notices

Kind = Notice.Kind

PAGE = 30
MAX_KEPT = 200  # a person; the oldest go
MAX_TOLD = 500  # people by one act: of a larger group nobody is told


def tell(
    kind: Notice.Kind,
    *,
    to: User | Iterable[User],
    by: User | None,
    obj: Guarded | None,
    role: Role | None = None,
) -> None:
    """Tell `to` what `by` did, in the caller's transaction. `by`: nobody for an operator's command.

    `role`: which one they have now, or are asked for, or are offered. Nothing: a role that ended, a request or an offer
    that was declined. Guests and deactivated people are told nothing.
    """
    asked = {to.pk} if isinstance(to, User) else {person.pk for person in to}
    asked -= {by.pk} if by is not None else set()
    if not asked or len(asked) > MAX_TOLD:
        return
    people = list(User.objects.filter(pk__in=asked, is_active=True, is_guest=False).order_by("pk"))
    with transaction.atomic():
        made = [_notice(kind, person, by, obj, role) for person in people]
        _unread_like(made).delete()
        Notice.objects.bulk_create(made)
        _forget_oldest(people)
        notice_mail.write(made, people, obj)
        for person in people:
            announce_notices(person.pk)


def of(person: User, *, before: int | None = None, limit: int = PAGE) -> list[Notice]:
    """A person's notices, newest first. The next page is that `before` the last one's `pk`."""
    found = Notice.objects.filter(user=person)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[: max(0, limit)])


def unread_of(people: Collection[int]) -> dict[int, int]:
    """How many notices each of these people (primary keys) has not read. One query."""
    counted = Notice.objects.filter(user__in=people, read_at__isnull=True).order_by().values_list("user")
    return dict.fromkeys(people, 0) | dict(counted.annotate(models.Count("pk")))


def unread(person: User) -> int:
    """How many notices this person has not read."""
    return unread_of([person.pk])[person.pk]


def mark_read(person: User, *, only: Collection[int] | None = None) -> int:
    """Note that they have read these of their notices (primary keys), or all; how many were not read before.

    Mail about them that nobody has tried to send yet is not sent.
    """
    with transaction.atomic():
        found = Notice.objects.filter(user=person, read_at__isnull=True)
        if only is not None:
            found = found.filter(pk__in=list(only))
        fresh = list(found)
        if not fresh:
            return 0
        read = Notice.objects.filter(pk__in=[each.pk for each in fresh], read_at__isnull=True)
        count = read.update(read_at=timezone.now())
        letters.withdraw([topic_of(each) for each in fresh])
        announce_notices(person.pk)
    return count


def mute(person: User, kinds: Iterable[str]) -> None:
    """Let these kinds of notices, and no others, not be mailed to this person."""
    muted = sorted(set(kinds) & set(Kind.values))
    User.objects.filter(pk=person.pk).update(muted=muted)
    person.muted = muted


def mute_too(person: int, kind: Notice.Kind) -> bool:
    """Let this kind not be mailed any more either; False where there is no such person."""
    with transaction.atomic():
        found = User.objects.select_for_update().filter(pk=person).first()
        if found is not None:
            mute(found, {*found.muted, kind})
    return found is not None


def _notice(kind: Notice.Kind, person: User, by: User | None, obj: Guarded | None, role: Role | None) -> Notice:
    return Notice(
        user=person,
        kind=kind,
        object_id=obj.pk if obj is not None else None,
        object_name=obj.name[:200] if obj is not None else "",
        actor_id=by.pk if by is not None else None,
        actor_name=by.display_name[:80] if by is not None else "",
        role=role,
    )


def _unread_like(made: Sequence[Notice]) -> models.QuerySet[Notice]:
    """What these take the place of. All are of one act."""
    if not made:
        return Notice.objects.none()
    same: dict[str, Any] = {"kind": made[0].kind, "object_id": made[0].object_id}
    if made[0].kind in OF_EACH_ACTOR:
        same["actor_id"] = made[0].actor_id
    return Notice.objects.filter(user__in=[each.user_id for each in made], read_at__isnull=True, **same)


def _forget_oldest(people: Sequence[User]) -> None:
    counted = Notice.objects.filter(user__in=people).order_by().values("user").annotate(held=models.Count("pk"))
    for crowded in counted.filter(held__gt=MAX_KEPT).values_list("user", flat=True):
        kept = Notice.objects.filter(user=crowded).order_by("-pk").values_list("pk", flat=True)[:MAX_KEPT]
        Notice.objects.filter(user=crowded, pk__lt=min(kept)).delete()
