"""Checking a document against its log: the log is the truth, everything else must follow from it."""

import uuid
from dataclasses import dataclass

from .content import Unreadable, is_same, load
from .models import Document, DocumentState, DocumentUpdate


@dataclass(frozen=True, slots=True)
class Finding:
    """What is true of a document: no `faults` is good. `rows` are those of its log, `state_seq` is 0 for no state."""

    document_id: uuid.UUID
    rows: int
    state_seq: int
    faults: tuple[str, ...]


def verify(document_id: uuid.UUID) -> Finding:
    """Rebuild the document from its log alone and compare it with its newest state and the rest of the log.

    Reads only rows up to the head it saw first, so it may be run while people write.
    """
    state = DocumentState.objects.filter(document=document_id).order_by("-seq").first()
    head = Document.objects.values_list("head_seq", flat=True).get(pk=document_id)
    rows = DocumentUpdate.objects.filter(document=document_id).order_by("seq")
    log = {seq: bytes(payload) for seq, payload in rows.filter(seq__lte=head).values_list("seq", "payload")}
    faults = [f"row {seq} is missing" for seq in range(1, head + 1) if seq not in log][:10]
    # Asked again: somebody may have written since the head was read.
    newest = rows.values_list("seq", flat=True).last() or 0
    if newest > Document.objects.values_list("head_seq", flat=True).get(pk=document_id):
        faults.append(f"its head is row {head}, but there is a row {newest}")
    if not faults:
        faults += _compare(list(log.values()), state)
    return Finding(document_id, len(log), state.seq if state else 0, tuple(faults))


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
