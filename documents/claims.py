"""Whose Yjs client ids are: the first who writes under one owns it, in this document.

Otherwise two contents for one (client, clock) could be integrated in different places, and would differ for ever.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from .models import DocumentClient

if TYPE_CHECKING:
    from .log import Row

CHUNK = 400  # placeholders in one IN list


def claim(document: uuid.UUID, rows: Sequence["Row"], *, restored: bool) -> tuple[set[int], set[int]]:
    """Register the client ids these rows introduce. Those that belong to somebody else come first, and nothing is
    registered then; second those that are let pass without being registered.

    `restored`: rows of this log were lost a short time ago. They are in the pages of all who saw them, and the first to
    come back has them all, under client ids of others and such as the database has forgotten. So what a page returns
    is not refused, unless somebody else writes under that id at this moment (they return it themselves), and does not
    say whose an id is. What is typed does.
    """
    claims: dict[int, int] = {}
    foreign = {client for row in rows for client in row.claims if claims.setdefault(client, row.author) != row.author}
    if not claims:
        return set(), set()
    owners = _owners_of(document, list(claims))
    foreign |= {client for client, user in owners.items() if user != claims[client]}
    foreign |= {client for row in rows for client in row.held if client not in owners}
    brought: set[int] = set()
    if restored:
        returned = {client for row in rows for client in row.returned}.difference(*(row.held for row in rows))
        brought = {client for client in returned if owners.get(client, 0) != claims.get(client)}
        foreign -= brought
    if not foreign:
        known = brought.union(owners)
        _register(document, {client: user for client, user in claims.items() if client not in known})
        return set(), brought
    return foreign, set()


def _owners_of(document: uuid.UUID, ids: list[int]) -> dict[int, int | None]:
    owners: dict[int, int | None] = {}
    for start in range(0, len(ids), CHUNK):
        known = DocumentClient.objects.filter(document=document, client_id__in=ids[start : start + CHUNK])
        owners.update(known.values_list("client_id", "user_id"))
    return owners


def _register(document: uuid.UUID, claims: dict[int, int]) -> None:
    DocumentClient.objects.bulk_create(
        DocumentClient(document_id=document, client_id=client, user_id=user) for client, user in claims.items()
    )


def may_return(restored_at: datetime | None, now: datetime) -> bool:
    """Whether a document that was restored then is still open to what it lacks."""
    return restored_at is not None and restored_at > now - timedelta(days=settings.RETURN_DAYS)
