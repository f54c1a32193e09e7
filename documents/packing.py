"""Moving the old rows of a log into pieces (`pieces`), and small pieces into larger ones.

What is packed can wait: rows that are in the newest state, so that opening a document reads no piece, and that nobody
wrote lately. A piece is written and its rows are deleted in one transaction, which takes no lock on the document: rows
never change, so whoever deletes all of them is the one who packs them, and of two who try one finds some gone and
leaves it. Killed at any point, nothing has happened.
"""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from permissions.models import User

from .models import Document, DocumentAuthor, DocumentPiece, DocumentState, DocumentUpdate
from .pieces import Edit, decode, encode

PIECE_ROWS = 8_192  # decoding takes 2 us a row: what a reader of history waits for, and holds in memory
PIECE_BYTES = 4 << 20
LEAST_ROWS = 64  # fewer are not worth a piece
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packed:
    """What was done: `rows` of the log, with updates of `before_bytes` together, are now in pieces, which grew by
    `after_bytes`.
    """

    rows: int = 0
    before_bytes: int = 0
    after_bytes: int = 0

    def __add__(self, other: "Packed") -> "Packed":
        return Packed(
            self.rows + other.rows, self.before_bytes + other.before_bytes, self.after_bytes + other.after_bytes
        )


def due(now: datetime | None = None) -> Iterator[uuid.UUID]:
    """Documents that may have rows to pack, those with the most first. Looks at every row that is not packed."""
    old = DocumentUpdate.objects.filter(created_at__lt=_before(now)).order_by()
    found = old.values("document").annotate(rows=Count("pk")).filter(rows__gte=LEAST_ROWS).order_by("-rows")
    return found.values_list("document", flat=True).iterator()


def pack(document: uuid.UUID, *, now: datetime | None = None) -> Packed:
    """Pack all that is old enough. May be run at any time by any number of processes, and killed at any point.

    Raises `BadPiece` when the piece before it cannot be read; nothing is lost by that.
    """
    done = Packed()
    while (step := _step(document, now)) is not None:
        done += step
    return done


def unnoted() -> Iterator[int]:
    """Pieces whose authors are not noted: the release before has packed them."""
    return iter(list(DocumentPiece.objects.filter(authors_noted=False).order_by("pk").values_list("pk", flat=True)))


def note_authors(pk: int) -> None:
    """Note who wrote what is in a piece, unless it is in a larger one by now. Raises `BadPiece`."""
    with transaction.atomic():
        piece = DocumentPiece.objects.select_for_update().filter(pk=pk).first()
        if piece is not None:
            _note(piece.document_id, decode(bytes(piece.payload), first=piece.first_seq))
            DocumentPiece.objects.filter(pk=pk).update(authors_noted=True)


def _step(document: uuid.UUID, now: datetime | None) -> Packed | None:
    """One piece; None when there is nothing to pack, or somebody else is packing it."""
    rows = _oldest(document, _last_to_pack(document, now))
    if len(rows) < LEAST_ROWS:
        return None
    edits, joined = rows, []
    for piece in DocumentPiece.objects.filter(document=document, last_seq__lt=rows[0].seq).order_by("-first_seq"):
        # As binary numbers are added: each edit is packed again as often as the number of its piece's rows doubles.
        before = piece.last_seq - piece.first_seq + 1
        size = piece.size_bytes + sum(len(edit.payload) for edit in edits)
        if before > len(edits) or before + len(edits) > PIECE_ROWS or size > PIECE_BYTES:
            break
        edits = decode(bytes(piece.payload), first=piece.first_seq) + edits
        joined.append(piece)
    packed = encode(edits)
    if decode(packed, first=edits[0].seq) != edits:  # looked at before anything is deleted, whatever the reason
        raise AssertionError(f"document {document}: rows from {edits[0].seq} on do not come back as they were")
    if not _replace(document, rows, joined, edits, packed):
        return None
    before_bytes = sum(len(row.payload) for row in rows)
    return Packed(len(rows), before_bytes, len(packed) - sum(len(piece.payload) for piece in joined))


def _last_to_pack(document: uuid.UUID, now: datetime | None) -> int:
    """The newest row that may be packed, or 0."""
    head = Document.objects.filter(pk=document).values_list("head_seq", flat=True).first() or 0
    state = DocumentState.objects.filter(document=document).aggregate(seq=Max("seq"))["seq"] or 0
    old = DocumentUpdate.objects.filter(document=document, created_at__lt=_before(now), seq__lte=min(state, head - 1))
    return old.aggregate(seq=Max("seq"))["seq"] or 0


def _oldest(document: uuid.UUID, last: int) -> list[Edit]:
    """The oldest rows that are not packed, up to `last`, up to a hole, and up to the bounds of a piece."""
    found = DocumentUpdate.objects.filter(document=document, seq__lte=last).order_by("seq")
    rows = found.values_list("seq", "author_id", "created_at", "payload")[:PIECE_ROWS]
    edits: list[Edit] = []
    size = 0
    for seq, author, at, payload in rows.iterator():
        size += len(payload)
        if edits and (seq != edits[-1].seq + 1 or size > PIECE_BYTES):
            break
        edits.append(Edit(seq, author, at, bytes(payload)))
    if edits and edits[0].seq != 1 + _packed_upto(document):
        logger.error("document %s: its log has a hole before row %d; it is not packed", document, edits[0].seq)
        return []
    return edits


def _packed_upto(document: uuid.UUID) -> int:
    return DocumentPiece.objects.filter(document=document).aggregate(seq=Max("last_seq"))["seq"] or 0


def _replace(
    document: uuid.UUID, rows: list[Edit], joined: list[DocumentPiece], edits: list[Edit], packed: bytes
) -> bool:
    """Put the piece in the place of its rows and of the pieces that are in it; False when one of them is gone."""
    with transaction.atomic():
        gone = DocumentUpdate.objects.filter(document=document, seq__gte=rows[0].seq, seq__lte=rows[-1].seq)
        pieces = DocumentPiece.objects.filter(pk__in=[piece.pk for piece in joined])
        if gone.delete()[0] != len(rows) or pieces.delete()[0] != len(joined):
            transaction.set_rollback(True)
            return False
        DocumentPiece.objects.create(
            document_id=document,
            first_seq=edits[0].seq,
            last_seq=edits[-1].seq,
            first_at=edits[0].at,
            last_at=edits[-1].at,
            size_bytes=sum(len(edit.payload) for edit in edits),
            payload=packed,
            authors_noted=True,
        )
        _note(document, edits)
    return True


def _note(document: uuid.UUID, edits: list[Edit]) -> None:
    """Keep those who wrote these from being forgotten (`visitors`); in a transaction."""
    authors = {edit.author for edit in edits if edit.author is not None}
    there = User.objects.filter(pk__in=authors).values_list("pk", flat=True)
    known = [DocumentAuthor(document_id=document, user_id=pk) for pk in there]
    DocumentAuthor.objects.bulk_create(known, ignore_conflicts=True)


def _before(now: datetime | None) -> datetime:
    return (now or timezone.now()) - timedelta(hours=settings.HISTORY_PACK_AFTER_H)
