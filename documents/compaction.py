"""Folding a document's log into a state, so that opening it need not replay everything. The log itself stays.

A state is derived: it may be missing, late or thrown away, and nothing is lost. So no lock is needed: rows are only
ever added behind the newest, a state is one row, and the two newest states stay, whoever else compacts.
"""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError, connection
from django.db.models.functions import Length

from .content import Unreadable, is_same, load
from .history import packed_after
from .models import Document, DocumentState, DocumentUpdate

STATES_KEPT = 2  # the newest, and one to fall back on should it not load
STEP_ROWS = 5_000
STEP_BYTES = 4 << 20
logger = logging.getLogger(__name__)


class NotCompacted(Exception):
    """A document in which something is wrong. Nothing was written; an operator should look."""


class LogHole(NotCompacted):
    """Rows of a log are missing. Nothing may be built over the hole."""

    def __init__(self, document_id: uuid.UUID, *, expected: int, actual: int | None) -> None:
        self.document_id, self.expected, self.actual = document_id, expected, actual
        found = "nothing" if actual is None else f"row {actual}"
        super().__init__(f"Document {document_id}: expected row {expected} of its log, found {found}.")


class NotVerified(NotCompacted):
    """A state that, loaded again, does not hold what it was made from. It was not stored."""

    def __init__(self, document_id: uuid.UUID, seq: int) -> None:
        self.document_id, self.seq = document_id, seq
        super().__init__(f"Document {document_id}: the state up to row {seq} differs from its source.")


class NotFolded(NotCompacted):
    """Rows of the log that do not make a document together."""

    def __init__(self, document_id: uuid.UUID, seq: int, cause: Unreadable) -> None:
        self.document_id, self.seq, self.cause = document_id, seq, cause
        super().__init__(f"Document {document_id}: its log up to row {seq} cannot be folded. {cause}")


@dataclass(frozen=True, slots=True)
class Source:
    """What a state is folded from: an older state (empty for none) up to `base`, and the rows base + 1 .. seq."""

    document_id: uuid.UUID
    base: int
    state: bytes
    rows: tuple[bytes, ...]

    @property
    def seq(self) -> int:
        return self.base + len(self.rows)

    @property
    def updates(self) -> Sequence[bytes]:
        return [self.state, *self.rows] if self.state else self.rows


async def compact(document_id: uuid.UUID) -> DocumentState | None:
    """Write the state up to the newest row of the log, and remove older states; None when there is nothing new.

    May be run at any time by any number of processes, and killed at any point.

    Raises `NotCompacted` (no state is written), and the database's own errors.
    """
    try:
        head = await Document.objects.filter(pk=document_id).values_list("head_seq", flat=True).afirst()
        state = await _compact(document_id)
        while state is not None and head is not None and state.seq < head:
            further = await _compact(document_id)
            if further is None or further.seq <= state.seq:
                break
            state = further
        return state
    except (OperationalError, InterfaceError, InternalError):
        await sync_to_async(_drop_connection)()  # outside of requests nobody else drops one that died
        raise


def _drop_connection() -> None:
    connection.close()  # looked up here: each thread has its own


async def _compact(document_id: uuid.UUID) -> DocumentState | None:
    """One step, of at most `STEP_ROWS` rows and about `STEP_BYTES` bytes: a long tail costs time and not memory."""
    source = await _read(document_id)
    if source is None:
        return None
    payload = await asyncio.to_thread(_fold, source)
    try:
        state, _ = await DocumentState.objects.aget_or_create(
            document_id=document_id, seq=source.seq, defaults={"payload": payload}
        )
    except IntegrityError:
        return None  # the document was deleted meanwhile
    await _forget_old(document_id)
    return state


async def _read(document_id: uuid.UUID) -> Source | None:
    """The newest state that loads, and the rows behind it; None when there are none behind the newest of all."""
    if not await Document.objects.filter(pk=document_id).aexists():
        return None
    candidates = [
        (state.seq, bytes(state.payload))
        async for state in DocumentState.objects.filter(document=document_id).order_by("-seq")[:STATES_KEPT]
    ]
    for base, state in [*candidates, (0, b"")]:
        source = Source(document_id, base, state, await _rows_after(document_id, base))
        if not source.rows and base == (candidates[0][0] if candidates else 0):
            return None
        if not state or await asyncio.to_thread(_loads, state):
            return source
        logger.error("document %s: the state up to row %s does not load; using what is before it", document_id, base)
    return None


async def _rows_after(document_id: uuid.UUID, base: int) -> tuple[bytes, ...]:
    """The next rows of the log, up to the bounds of a step."""
    found = DocumentUpdate.objects.filter(document=document_id, seq__gt=base).order_by("seq")
    last, total = base, 0
    async for seq, size in found.annotate(size=Length("payload")).values_list("seq", "size")[:STEP_ROWS]:
        if seq != last + 1:
            packed = await sync_to_async(packed_after)(document_id, base) if last == base else []
            if packed:  # no state up to here loads any more
                return tuple(packed)
            raise LogHole(document_id, expected=last + 1, actual=seq)
        if total and total + size > STEP_BYTES:
            break
        last, total = seq, total + size
    rows = tuple([bytes(row) async for row in found.filter(seq__lte=last).values_list("payload", flat=True)])
    return rows if len(rows) == last - base else await _rows_after(document_id, base)  # some were packed in between


async def _forget_old(document_id: uuid.UUID) -> None:
    states = DocumentState.objects.filter(document=document_id)
    kept = [seq async for seq in states.order_by("-seq").values_list("seq", flat=True)[:STATES_KEPT]]
    if len(kept) == STATES_KEPT:
        await states.filter(seq__lt=kept[-1]).adelete()


def _fold(source: Source) -> bytes:
    try:
        doc = load(source.updates)
    except Unreadable as error:
        raise NotFolded(source.document_id, source.seq, error) from error
    payload = doc.get_update()
    try:
        verified = is_same(doc, load([payload]))
    except (Unreadable, RecursionError):
        verified = False
    if not verified:
        raise NotVerified(source.document_id, source.seq)
    return payload


def _loads(state: bytes) -> bool:
    try:
        load([state])
    except Unreadable:
        return False
    return True
