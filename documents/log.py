"""The update log: append, load, look. Synchronous and transactional; the journal's one visit to the database a cycle.

The statements are written out and not built by the ORM: query building would cost more than the database does
(a one-row ORM query takes 520 us, the same SQL 55), and this runs for every batch of edits.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from permissions.access import roles_of
from permissions.roles import Role

from .models import Document, DocumentClient, DocumentState, DocumentUpdate, QuarantinedUpdate

QUARANTINE_ROWS = 20
QUARANTINE_BYTES = 1 << 20
CHUNK = 400  # placeholders in one IN list, pairs in one VALUES list


@dataclass(frozen=True, slots=True)
class Row:
    """A log row to be: `payload` is an update (v1) by `author`; `claims` are the client ids it introduces,
    `clients` all those under which it has structs, `held` those of its claims that may not be new: somebody else is
    seen under them."""

    author: int
    payload: bytes
    claims: tuple[int, ...] = ()
    clients: tuple[int, ...] = ()
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Append:
    """Rows for one document, made by somebody who has seen its log up to `base`."""

    document: uuid.UUID
    base: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Appended:
    """The rows are first..last. `missed`: the payloads of base + 1 .. first - 1, by others."""

    first: int
    last: int
    at: datetime
    missed: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was appended: `authors` may not edit, `claims` are somebody else's, or (both empty) the log has moved
    under structs of the same clients: load the document and try again."""

    authors: frozenset[int] = frozenset()
    claims: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such document (any more)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document's content up to row `head`: `updates` are the newest state and the rows after it, in order."""

    head: int
    updates: tuple[bytes, ...]
    state_seq: int
    tail_bytes: int


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else holds the document's lock just now. Nothing was appended; try again soon."""


Result = Appended | Refused | Missing | Busy


def append(appends: Sequence[Append], *, clients_of: Callable[[bytes], Collection[int]]) -> list[Result]:
    """Append to many documents in one transaction: all that may be is committed when this returns, nothing if it
    raises.

    The documents' rows are locked; one that somebody else holds is skipped (`Busy`), so that a lock held for long
    stops no other document. Under the lock one permission query answers for all (document, author) pairs, so an
    author's right is that of the moment of the commit. Every document stands or falls by itself.
    `clients_of` reads the client ids under which an update has structs.
    """
    with transaction.atomic():
        heads = _lock_heads(sorted({each.document for each in appends}))
        absent = {each.document for each in appends} - heads.keys()
        locked = (
            set(Document.objects.filter(pk__in=absent, trashed_at=None).values_list("pk", flat=True)) if absent else ()
        )
        present = [each for each in appends if each.document in heads]
        roles = roles_of(Document, {(each.document, row.author) for each in present for row in each.rows})
        now = timezone.now()
        results: list[Result] = []
        accepted: list[tuple[Append, int]] = []
        for each in appends:
            if each.document not in heads:
                results.append(Busy() if each.document in locked else Missing())
                continue
            result = _judge(each, heads[each.document], roles, now, clients_of)
            results.append(result)
            if isinstance(result, Appended):
                accepted.append((each, result.first))
                heads[each.document] = result.last
        _write(accepted, now)
    return results


def load(document: uuid.UUID) -> Loaded | None:
    """Everything that makes up the document now, or None if there is no such document (or it is in the trash).

    No transaction is needed, and in SQLite it would wait for the journal's: rows up to a head that was seen never
    change.
    """
    head = Document.objects.filter(pk=document, trashed_at=None).values_list("head_seq", flat=True).first()
    if head is None:
        return None
    state = DocumentState.objects.filter(document=document, seq__lte=head).order_by("-seq").first()
    seq = state.seq if state else 0
    found = DocumentUpdate.objects.filter(document=document, seq__gt=seq, seq__lte=head).order_by("seq")
    rows = [bytes(payload) for payload in found.values_list("payload", flat=True)]
    if len(rows) != head - seq:
        raise LogBroken(document, expected=head - seq, actual=len(rows))
    return Loaded(head, ((bytes(state.payload),) if state else ()) + tuple(rows), seq, sum(map(len, rows)))


def rows_after(document: uuid.UUID, seq: int, limit: int = 1000) -> list[bytes]:
    """The payloads of rows seq + 1, seq + 2, ..., at most `limit`."""
    rows = DocumentUpdate.objects.filter(document=document, seq__gt=seq).order_by("seq")[:limit]
    return [bytes(payload) for payload in rows.values_list("payload", flat=True)]


def heads(documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The newest row of each of these documents; one that is missing or in the trash is left out."""
    found: dict[uuid.UUID, int] = {}
    ids = list(documents)
    for start in range(0, len(ids), CHUNK):
        rows = Document.objects.filter(pk__in=ids[start : start + CHUNK], trashed_at=None)
        found.update(rows.values_list("pk", "head_seq"))
    return found


def quarantine(document: uuid.UUID, *, author: int, payload: bytes, error: str) -> None:
    """Keep bytes that broke the document for the operator: the beginning of some, not all that a client cares to
    send.
    """
    if QuarantinedUpdate.objects.filter(document=document).count() >= QUARANTINE_ROWS:
        return
    payload = payload[:QUARANTINE_BYTES]
    QuarantinedUpdate.objects.create(document_id=document, author_id=author, payload=payload, error=error[:200])


class LogBroken(Exception):
    """The log of a document has a hole. Nothing is shown or written until an operator has looked
    (`verify_documents`).
    """

    def __init__(self, document: uuid.UUID, *, expected: int, actual: int) -> None:
        self.document, self.expected, self.actual = document, expected, actual
        super().__init__(f"document {document}: expected {expected} log rows after its state, found {actual}")


def _judge(
    each: Append,
    head: int,
    roles: dict[tuple[Any, int], Role],
    now: datetime,
    clients_of: Callable[[bytes], Collection[int]],
) -> Result:
    unable = {row.author for row in each.rows if roles.get((each.document, row.author), 0) < Role.EDITOR}
    if unable:
        return Refused(authors=frozenset(unable))
    missed: tuple[bytes, ...] = ()
    if head > each.base:
        missed = tuple(rows_after(each.document, each.base, head - each.base))
        if len(missed) != head - each.base:
            raise LogBroken(each.document, expected=head - each.base, actual=len(missed))
        ours = {client for row in each.rows for client in row.clients}
        if any(not ours.isdisjoint(clients_of(payload)) for payload in missed):
            return Refused()  # the same edits twice, or a forgery: either way the sender's doc is not the log's
    foreign = _claim(each)
    if foreign:
        return Refused(claims=frozenset(foreign))
    return Appended(head + 1, head + len(each.rows), now, missed)


def _claim(each: Append) -> set[int]:
    """Register the client ids these rows introduce; those that belong to somebody else are returned and nothing is
    registered.
    """
    claims: dict[int, int] = {}
    foreign = {
        client for row in each.rows for client in row.claims if claims.setdefault(client, row.author) != row.author
    }
    if not claims or foreign:
        return foreign
    owners: dict[int, int | None] = {}
    ids = list(claims)
    for start in range(0, len(ids), CHUNK):
        known = DocumentClient.objects.filter(document=each.document, client_id__in=ids[start : start + CHUNK])
        owners.update(known.values_list("client_id", "user_id"))
    foreign = {client for client, user in owners.items() if user != claims[client]}
    foreign |= {client for row in each.rows for client in row.held if client not in owners}
    if not foreign:
        DocumentClient.objects.bulk_create(
            DocumentClient(document_id=each.document, client_id=client, user_id=user)
            for client, user in claims.items()
            if client not in owners
        )
    return foreign


def _lock_heads(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    pk = Document._meta.pk
    # NO KEY: rows that merely refer to the document may be written meanwhile.
    lock = " FOR NO KEY UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    found: dict[uuid.UUID, int] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            cursor.execute(
                f"SELECT id, head_seq FROM {Document._meta.db_table} WHERE trashed_at IS NULL AND id IN "
                f"({', '.join(['%s'] * len(some))}) ORDER BY id{lock}",
                [pk.get_db_prep_value(each, connection) for each in some],
            )
            found.update(
                (each if isinstance(each, uuid.UUID) else uuid.UUID(each), head) for each, head in cursor.fetchall()
            )
    return found


def _write(accepted: Sequence[tuple[Append, int]], now: datetime) -> None:
    if not accepted:
        return
    pk = Document._meta.pk
    at = DocumentUpdate._meta.get_field("created_at").get_db_prep_value(now, connection)
    rows, moves = [], []
    for each, first in accepted:
        document = pk.get_db_prep_value(each.document, connection)
        rows += [(document, first + index, row.author, at, row.payload) for index, row in enumerate(each.rows)]
        moves.append((first + len(each.rows) - 1, at, document))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {DocumentUpdate._meta.db_table} (document_id, seq, author_id, created_at, payload) "
            "VALUES (%s, %s, %s, %s, %s)",
            rows,
        )
        cursor.executemany(f"UPDATE {Document._meta.db_table} SET head_seq = %s, edited_at = %s WHERE id = %s", moves)
