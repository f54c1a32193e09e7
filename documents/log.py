"""The update log: append, load, look. Synchronous and transactional; the journal's one visit to the database a cycle.

The statements are written out and not built by the ORM: query building would cost more than the database does
(a one-row ORM query takes 520 us, the same SQL 55), and this runs for every batch of edits.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from permissions import tokens
from permissions.access import roles_of
from permissions.roles import Role

from . import history
from .claims import claim, may_return
from .history import LogBroken as LogBroken
from .models import Document, DocumentState, DocumentUpdate, QuarantinedUpdate

QUARANTINE_ROWS = 20
QUARANTINE_BYTES = 1 << 20
MOST_ROWS = 256  # of one statement
SMALL_BYTES = 16 << 10  # a larger payload has a statement to itself: the text of one for many would be hundreds of MB
CHUNK = 400  # placeholders in one IN list, pairs in one VALUES list


@dataclass(slots=True)  # not frozen: made for every author of every commit
class Row:
    """A log row to be: `payload` is an update (v1) by `author`; `claims` are the client ids it introduces,
    `clients` all those under which it has structs, `held` those of its claims that may not be new: somebody else is
    seen under them, `returned` those under which all that is new came in answers to a step 1 (what a page holds,
    whoever wrote it). `token`: the access token that the author came in by, if it was one."""

    author: int
    payload: bytes
    claims: tuple[int, ...] = ()
    clients: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Rows for one document, made by somebody who has seen its log, as it is since `restored_at`, up to `base`."""

    document: uuid.UUID
    base: int
    rows: tuple[Row, ...]
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """The rows are first..last. `missed`: the payloads of base + 1 .. first - 1, by others. `brought`: those of the
    claims that were let pass in a restored document, and do not say whose client ids they are.
    """

    first: int
    last: int
    at: datetime
    missed: tuple[bytes, ...] = ()
    brought: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was appended: `authors` may not edit, by `tokens` nobody may (any more), `claims` are somebody else's, or
    (all empty) the log has moved under structs of the same clients, holds some of these rows, or is an older one now:
    load the document and try again."""

    authors: frozenset[int] = frozenset()
    claims: frozenset[int] = frozenset()
    tokens: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such document (any more)."""


class Head(NamedTuple):
    """How far a log is: its newest row, and since when that is what the number means. A log that lost rows, to a backup
    or to a standby that was behind, uses their numbers again.
    """

    seq: int
    restored_at: datetime | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document's content up to row `head`: `updates` are the newest state and the rows after it, in order.
    `restored_at`: see `Head`. `restored`: pages may hold edits that it lacks, and may bring them (`claims`).
    """

    head: int
    updates: tuple[bytes, ...]
    state_seq: int
    tail_bytes: int
    restored: bool = False
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else holds the document's lock just now. Nothing was appended; try again soon."""


Result = Appended | Refused | Missing | Busy


def append(appends: Sequence[Append], *, clients_of: Callable[[bytes], Collection[int]]) -> list[Result]:
    """Append to many documents in one transaction: all that may be is committed when this returns, nothing if it
    raises.

    The documents' rows are locked; one that somebody else holds is skipped (`Busy`), so that a lock held for long
    stops no other document. Under the lock one permission query answers for all (document, author) pairs, and one for
    all access tokens, so an author's right is that of the moment of the commit. Every document stands or falls by
    itself.
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
        shown = {row.token for each in present for row in each.rows if row.token is not None}
        writing = tokens.writing(shown) if shown else set()
        now = timezone.now()
        results: list[Result] = []
        accepted: list[tuple[Append, int]] = []
        for each in appends:
            if each.document not in heads:
                results.append(Busy() if each.document in locked else Missing())
                continue
            result = _judge(each, heads, roles, writing, now, clients_of)
            results.append(result)
            if isinstance(result, Appended):
                accepted.append((each, result.first))
                heads[each.document] = Head(result.last, each.restored_at)
        _write(accepted, now)
    return results


def load(document: uuid.UUID) -> Loaded | None:
    """Everything that makes up the document now, or None if there is no such document (or it is in the trash).

    No transaction is needed, and in SQLite it would wait for the journal's: rows up to a head that was seen never
    change.
    """
    found = Document.objects.filter(pk=document, trashed_at=None).values_list("head_seq", "restored_at").first()
    if found is None:
        return None
    head, restored_at = found
    state = DocumentState.objects.filter(document=document, seq__lte=head).order_by("-seq").first()
    seq = state.seq if state else 0
    after = DocumentUpdate.objects.filter(document=document, seq__gt=seq, seq__lte=head).order_by("seq")
    rows = [bytes(payload) for payload in after.values_list("payload", flat=True)]
    if len(rows) != head - seq:  # packed meanwhile, or the state is gone
        rows = history.payloads(document, after=seq, upto=head)
    updates = ((bytes(state.payload),) if state else ()) + tuple(rows)
    return Loaded(head, updates, seq, sum(map(len, rows)), may_return(restored_at, timezone.now()), restored_at)


def rows_after(document: uuid.UUID, seq: int, limit: int = 1000) -> list[bytes]:
    """The payloads of rows seq + 1, seq + 2, ..., at most `limit`."""
    found = DocumentUpdate.objects.filter(document=document, seq__gt=seq).order_by("seq")[:limit]
    rows = [(at, bytes(payload)) for at, payload in found.values_list("seq", "payload")]
    if rows and rows[0][0] != seq + 1:  # those before it are packed
        return history.payloads(document, after=seq, upto=min(rows[-1][0], seq + limit))
    return [payload for _, payload in rows]


def heads(documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, Head]:
    """The newest row of each of these documents; one that is missing or in the trash is left out."""
    found: dict[uuid.UUID, Head] = {}
    ids = list(documents)
    for start in range(0, len(ids), CHUNK):
        rows = Document.objects.filter(pk__in=ids[start : start + CHUNK], trashed_at=None)
        found.update((pk, Head(seq, since)) for pk, seq, since in rows.values_list("pk", "head_seq", "restored_at"))
    return found


def note_loss(document: uuid.UUID, seen: Head) -> None:
    """Somebody has seen this head: if the log is behind it now, rows are lost, and it counts as restored, so that pages
    may bring them back.
    """
    lost = Document.objects.filter(pk=document, head_seq__lt=seen.seq, restored_at=seen.restored_at)
    lost.update(restored_at=timezone.now())


def quarantine(document: uuid.UUID, *, author: int, payload: bytes, error: str) -> None:
    """Keep bytes that broke the document for the operator: the beginning of some, not all that a client cares to
    send.
    """
    if QuarantinedUpdate.objects.filter(document=document).count() >= QUARANTINE_ROWS:
        return
    payload = payload[:QUARANTINE_BYTES]
    QuarantinedUpdate.objects.create(document_id=document, author_id=author, payload=payload, error=error[:200])


def _judge(
    each: Append,
    heads: dict[uuid.UUID, Head],
    roles: dict[tuple[Any, int], Role],
    writing: set[tuple[int, int]],
    now: datetime,
    clients_of: Callable[[bytes], Collection[int]],
) -> Result:
    head, restored_at = heads[each.document]
    if restored_at != each.restored_at:
        return Refused()  # a backup was restored: the numbers of its rows mean others now
    if head < each.base:  # a standby that was behind has taken over
        Document.objects.filter(pk=each.document).update(restored_at=now)
        heads[each.document] = Head(head, now)
        return Refused()
    missed: tuple[bytes, ...] = ()
    if head > each.base:
        missed = tuple(rows_after(each.document, each.base, head - each.base))
        if len(missed) != head - each.base:
            raise LogBroken(each.document, expected=head - each.base, actual=len(missed))
        ours = {client for row in each.rows for client in row.clients}
        if any(not ours.isdisjoint(clients_of(payload)) for payload in missed):
            return Refused()  # the same edits twice, or a forgery: either way the sender's doc is not the log's
        if not {row.payload for row in each.rows}.isdisjoint(missed):
            return Refused()  # deletions only: they stand under no client id
    # After what is stored already: that is, whatever may be done now.
    unable = {row.author for row in each.rows if roles.get((each.document, row.author), 0) < Role.EDITOR}
    spent = {row.token for row in each.rows if row.token is not None and (row.token, row.author) not in writing}
    if unable or spent:
        return Refused(authors=frozenset(unable), tokens=frozenset(spent))
    foreign, brought = claim(each.document, each.rows, restored=may_return(restored_at, now))
    if foreign:
        return Refused(claims=frozenset(foreign))
    return Appended(head + 1, head + len(each.rows), now, missed, frozenset(brought))


def _lock_heads(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Head]:
    pk = Document._meta.pk
    # NO KEY: rows that merely refer to the document may be written meanwhile.
    lock = " FOR NO KEY UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    found: dict[uuid.UUID, Head] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            cursor.execute(
                f"SELECT id, head_seq, restored_at FROM {Document._meta.db_table} WHERE trashed_at IS NULL AND id IN "
                f"({', '.join(['%s'] * len(some))}) ORDER BY id{lock}",
                [pk.get_db_prep_value(each, connection) for each in some],
            )
            for each, head, since in cursor.fetchall():
                if since is not None and since.tzinfo is None:  # SQLite's
                    since = since.replace(tzinfo=connection.timezone)
                found[each if isinstance(each, uuid.UUID) else uuid.UUID(each)] = Head(head, since)
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
        moves.append((document, first + len(each.rows) - 1))
    small = [row for row in rows if len(row[-1]) <= SMALL_BYTES]
    large = [[row] for row in rows if len(row[-1]) > SMALL_BYTES]
    with connection.cursor() as cursor:
        for some in [*_portions(small), *large]:
            cursor.execute(
                f"INSERT INTO {DocumentUpdate._meta.db_table} (document_id, seq, author_id, created_at, payload) "
                f"VALUES {', '.join(['(%s, %s, %s, %s, %s)'] * len(some))}",
                [value for row in some for value in row],
            )
        for part in _portions(moves):
            cursor.execute(
                f"WITH moved (id, head_seq) AS (VALUES {', '.join(['(%s, %s)'] * len(part))}) "
                f"UPDATE {Document._meta.db_table} SET head_seq = moved.head_seq, edited_at = %s "
                f"FROM moved WHERE {Document._meta.db_table}.id = moved.id",
                [*(value for move in part for value in move), at],
            )


def _portions[T](rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """In parts of 256, 128, 64, ... rows: statements of a few lengths, which SQLite's driver keeps ready."""
    start = 0
    while left := len(rows) - start:
        some = min(MOST_ROWS, 1 << (left.bit_length() - 1))
        yield rows[start : start + some]
        start += some
