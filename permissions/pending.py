"""Which notices still wait for an answer that their reader can give: somebody asks for access, or offers ownership."""

from collections.abc import Sequence

from django.db import models

from .access import roles_of
from .concrete import guarded_models, rows_beside
from .models import AccessRequest, Guarded, Notice, User
from .notices import Kind
from .roles import Role


def requests_behind(person: User, notices: Sequence[Notice]) -> dict[int, AccessRequest]:
    """For notices (by primary key) the open request that `person`, an owner, can answer. Of several about the same
    request the first, which is the newest, has it.
    """
    asked = [each for each in notices if each.kind == Kind.REQUESTED and each.actor_id is not None]
    found: dict[int, AccessRequest] = {}
    for model in guarded_models():
        objects = _owned(model, person, asked)
        rows = rows_beside(model, "access_requests").filter(content_object__in=objects, answered_at__isnull=True)
        rows = rows.filter(user__in={each.actor_id for each in asked}, user__is_active=True)
        waiting = {(row.content_object_id, row.user_id): row for row in rows}
        for each in asked:
            request = waiting.pop((each.object_id, each.actor_id), None)
            if request is not None:
                found[each.pk] = request
    return found


def offers_behind(person: User, notices: Sequence[Notice]) -> set[int]:
    """The notices (by primary key) of offers that `person` can accept, as far as is known without trying."""
    offered = [each for each in notices if each.kind == Kind.OFFERED and each.role == Role.OWNER]
    found: set[int] = set()
    for model in guarded_models():
        rows = rows_beside(model, "ownership_offer").filter(
            content_object__in={each.object_id for each in offered}, content_object__trashed_at__isnull=True, to=person
        )
        waiting = set(rows.values_list("content_object", "by"))
        for each in offered:
            if (each.object_id, each.actor_id) in waiting:
                waiting.discard((each.object_id, each.actor_id))
                found.add(each.pk)
    return found


def _owned(model: type[Guarded], person: User, notices: Sequence[Notice]) -> set[object]:
    asked = {each.object_id for each in notices if each.object_id is not None}
    there: models.QuerySet[Guarded] = model._default_manager.filter(pk__in=asked, trashed_at__isnull=True)
    roles = roles_of(model, [(pk, person.pk) for pk in there.values_list("pk", flat=True)])
    return {pk for (pk, _), role in roles.items() if role is Role.OWNER}
