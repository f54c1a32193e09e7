"""A document's whole log as one row of edits, wherever each of them lies: in a row of its own, or packed in a piece.

The log is rows 1, 2, 3 ... without gaps. The oldest of them are packed (`packing`) into pieces; the newest row never
is. Whatever reads the log from somewhere reads it here.
"""

import uuid
from collections.abc import Iterator

from .models import DocumentPiece, DocumentUpdate
from .pieces import Edit, decode

STEP_ROWS = 1_000


class LogBroken(Exception):
    """The log of a document has a hole. Nothing is shown or written until an operator has looked
    (`verify_documents`).
    """

    def __init__(self, document: uuid.UUID, *, expected: int, actual: int) -> None:
        self.document, self.expected, self.actual = document, expected, actual
        super().__init__(f"document {document}: expected {expected} log rows, found {actual}")


def edits(document: uuid.UUID, *, after: int = 0, upto: int) -> Iterator[Edit]:
    """Rows after + 1 .. upto of the log, in order, a few thousand in memory at a time.

    No transaction is needed, and the log may be packed meanwhile: rows are looked for first and a piece after them, so
    what has just gone from the one is found in the other.

    Raises `LogBroken` at a row that is in neither, and `BadPiece`.
    """
    seq = after
    while seq < upto:
        last = min(upto, seq + STEP_ROWS)
        found = DocumentUpdate.objects.filter(document=document, seq__gt=seq, seq__lte=last).order_by("seq")
        rows = found.values_list("seq", "author_id", "created_at", "payload")
        some = [Edit(at, author, made, bytes(payload)) for at, author, made, payload in rows]
        if not some or some[0].seq != seq + 1:
            some = [edit for edit in _piece_with(document, seq + 1) if seq < edit.seq <= upto]
        for edit in some:
            if edit.seq != seq + 1:  # the rest may have been packed between two steps: looked for again from here
                break
            seq = edit.seq
            yield edit
        if not some:
            raise LogBroken(document, expected=upto - after, actual=seq - after)


def payloads(document: uuid.UUID, *, after: int = 0, upto: int) -> list[bytes]:
    """The updates of rows after + 1 .. upto. Raises as `edits` does."""
    return [edit.payload for edit in edits(document, after=after, upto=upto)]


def packed_after(document: uuid.UUID, seq: int) -> list[bytes]:
    """The updates of rows seq + 1, seq + 2, ... to the end of the piece that they are packed in; none if they are not
    packed. Raises `BadPiece`.
    """
    return [edit.payload for edit in _piece_with(document, seq + 1) if edit.seq > seq]


def _piece_with(document: uuid.UUID, seq: int) -> list[Edit]:
    """The edits of the piece that has this row, or none."""
    pieces = DocumentPiece.objects.filter(document=document, first_seq__lte=seq, last_seq__gte=seq)
    piece = pieces.order_by("first_seq").first()
    return decode(bytes(piece.payload), first=piece.first_seq) if piece is not None else []
