"""Finding the object that an operation is about, for whoever may see it."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.db import models
from django.http import Http404
from django.shortcuts import get_object_or_404

from permissions.access import Access, access_for
from permissions.errors import NotAllowed
from permissions.models import Guarded, User
from permissions.roles import Role

type Find = Callable[[User, UUID], tuple[Guarded, Access]]


def within(queryset: models.QuerySet[Any]) -> Find:
    """Finds objects of `queryset`, and what the asker may do with them. Raises `Http404` for one who may not see it."""

    def find(person: User, pk: UUID) -> tuple[Guarded, Access]:
        obj = cast(Guarded, get_object_or_404(queryset.all(), pk=pk))
        access = access_for(person, obj)
        if not access.can_view:
            raise Http404
        return obj, access

    return find


def managed(find: Find, person: User, pk: UUID) -> Guarded:
    """One that the asker is an owner of. Raises `Http404`, and `NotAllowed` for those who may only see it."""
    obj, access = find(person, pk)
    if not access.can_share:
        raise NotAllowed(access.role, Role.OWNER)
    return obj
