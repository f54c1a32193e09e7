"""Checking a document against its log: the log is the truth, everything else must follow from it."""

import uuid
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Max, Min

from .content import Unreadable, is_same, load, tree
from .history import LogBroken, payloads
from .mend import mended
from .models import Document, DocumentPiece, DocumentState, DocumentUpdate
from .pieces import BadPiece
from .schema import Invalid, Tree, check


@dataclass(frozen=True, slots=True)
class Finding:
    """What is true of a document: no `faults` is good. `rows` are those of its log, `state_seq` is 0 for no state.

    `oddity`: why the editor will not let anybody write in it, though it is what was written; empty for none.
    """

    document_id: uuid.UUID
    rows: int
    state_seq: int
    faults: tuple[str, ...]
    oddity: str = ""


def verify(document_id: uuid.UUID) -> Finding:
    """Rebuild the document from its log alone and compare it with its newest state and the rest of the log.

    Reads only rows up to the head it saw first, so it may be run while people write.
    """
    state = DocumentState.objects.filter(document=document_id).order_by("-seq").first()
    head = Document.objects.values_list("head_seq", flat=True).get(pk=document_id)
    log: list[bytes] = []
    faults: list[str] = []
    try:
        log = payloads(document_id, upto=head)
    except LogBroken:
        faults += _missing(document_id, head)
    except BadPiece as error:
        faults.append(str(error))
    newest = _newest(document_id)
    # Asked again: somebody may have written since the head was read.
    if newest > Document.objects.values_list("head_seq", flat=True).get(pk=document_id):
        faults.append(f"its head is row {head}, but there is a row {newest}")
    faults += _doubled(document_id)
    if not faults:
        faults += _compare(log, state)
    oddity = _oddity(log) if log and not faults else ""
    return Finding(document_id, len(log), state.seq if state else 0, tuple(faults), oddity)


def _missing(document_id: uuid.UUID, head: int) -> list[str]:
    """The first rows that are neither in the log nor packed."""
    rows = DocumentUpdate.objects.filter(document=document_id, seq__lte=head)
    there = set(rows.values_list("seq", flat=True))
    for first, last in DocumentPiece.objects.filter(document=document_id).values_list("first_seq", "last_seq"):
        there.update(range(first, last + 1))
    return [f"row {seq} is missing" for seq in range(1, head + 1) if seq not in there][:10]


def _newest(document_id: uuid.UUID) -> int:
    rows = DocumentUpdate.objects.filter(document=document_id).aggregate(seq=Max("seq"))["seq"] or 0
    packed = DocumentPiece.objects.filter(document=document_id).aggregate(seq=Max("last_seq"))["seq"] or 0
    return max(rows, packed)


def _doubled(document_id: uuid.UUID) -> list[str]:
    """Rows that are in two places: no harm is done, for they are the same; but nothing of ours does that."""
    pieces = DocumentPiece.objects.filter(document=document_id).order_by("first_seq")
    spans = list(pieces.values_list("first_seq", "last_seq"))
    faults = [f"row {later[0]} is in two pieces" for one, later in pairwise(spans) if later[0] <= one[1]]
    first = DocumentUpdate.objects.filter(document=document_id).aggregate(seq=Min("seq"))["seq"]
    # Asked after the pieces, and packed rows never come back: one that is still there was there all the time.
    if spans and first is not None and first <= spans[-1][1]:
        faults.append(f"row {first} is packed, and still in the log")
    return faults


def _oddity(log: list[bytes]) -> str:
    """What pages cannot show, even mended; a document without any block is one that nobody wrote in."""
    content = tree(*log)
    if not content["content"]:
        return ""
    try:
        check(mended(content))
    except Invalid as error:
        return _place(content) or str(error)
    return ""


def _place(content: Tree) -> str:
    """What is wrong as it is stored, with the way to it, where the schema alone tells."""
    try:
        check(content)
    except Invalid as error:
        return str(error)
    return ""


def _compare(log: list[bytes], state: DocumentState | None) -> list[str]:
    try:
        alone = load(log)
    except Unreadable as error:
        return [f"its log cannot be read: {error}"]
    if state is None:
        return []
    if state.seq > len(log):
        return [f"its state goes up to row {state.seq}, its log only to row {len(log)}"]
    try:
        folded = load([bytes(state.payload), *log[state.seq :]])
    except Unreadable as error:
        return [f"its state up to row {state.seq} cannot be read: {error}"]
    return [] if is_same(alone, folded) else [f"its state up to row {state.seq} differs from its log"]
