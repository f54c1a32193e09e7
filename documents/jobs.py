"""Background work, as tasks of Django's framework: what may wait, done by whoever has a worker (`worker`).

Each may be done twice, by two at the same time, and ended at any point: the rest is done the next time. None runs much
longer than `SLICE_S`, so that a worker that is asked to stop does so soon. Saving an edit waits for none of them.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.tasks import task
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from permissions import audit, letters
from permissions.clock import database_now

from . import packing, trash, visitors
from .compaction import NotCompacted, compact
from .models import Document, DocumentState
from .pieces import BadPiece

SLICE_S = 50.0
QUIET = timedelta(hours=1)  # a document that nobody wrote in for so long gets its last state
RESULTS_KEPT = timedelta(days=7)  # of jobs that are done: for an operator who looks for one
BEHIND = 4  # as many times as much as makes a state due, and servers do not wait for a worker any more
logger = logging.getLogger(__name__)


@task()
def compact_document(document: str) -> int:
    """Write the state of one document; its row, or 0 when there was nothing new."""
    state = async_to_sync(compact)(uuid.UUID(document))
    return state.seq if state is not None else 0


def is_due(rows: int, size: int, limits: Mapping[str, int], *, folded: int, times: int = 1) -> bool:
    """Whether so many rows, of so many bytes, ask for a new state: as many as the limits (of settings.COLLAB) say. If
    the newest state (of `folded` bytes) is larger than that, as many times more. `times`: whether they ask for it
    so many times over.
    """
    scale = times * max(1.0, folded / limits["COMPACT_AFTER_BYTES"])
    return rows >= scale * limits["COMPACT_AFTER_UPDATES"] or size >= scale * limits["COMPACT_AFTER_BYTES"]


def leave_to_worker(document: uuid.UUID, size: int, *, folded: int = 0) -> bool:
    """Ask a worker for a document's state. False: it is for the caller to write, for there is no worker, or it is
    behind. `size`: the bytes of the log after the newest state, as far as the caller knows; `folded`: of that state.
    """
    if settings.BACKGROUND != "worker":
        return False
    newest = newest_states([document]).get(document, 0)
    head = Document.objects.filter(pk=document).values_list("head_seq", flat=True).first() or 0
    if is_due(head - newest, size, settings.COLLAB, folded=folded, times=BEHIND):
        logger.warning("document %s: no worker compacts it; doing it here", document)
        return False
    waiting = DBTaskResult.objects.ready().filter(
        task_path=compact_document.module_path, args_kwargs__args__0=str(document)
    )
    if not waiting.exists():
        compact_document.enqueue(str(document))
    return True


def newest_states(documents: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The row up to which the newest state of each holds its log; those without a state are left out."""
    found = DocumentState.objects.filter(document__in=documents).values("document_id").annotate(newest=Max("seq"))
    return dict(found.values_list("document_id", "newest"))


@task()
def compact_documents() -> int:
    """Write the states of documents that nobody has open: those that a process left behind, or a program wrote; how
    many.
    """
    done = 0
    newest = DocumentState.objects.filter(document=OuterRef("pk")).order_by("-seq").values("seq")[:1]
    found = Document.objects.filter(edited_at__lt=timezone.now() - QUIET, trashed_at=None)
    found = found.alias(behind=F("head_seq") - Coalesce(Subquery(newest), 0)).filter(behind__gte=packing.LEAST_ROWS)
    for document in _while_time(found.order_by("pk").values_list("pk", flat=True).iterator()):
        try:
            done += async_to_sync(compact)(document) is not None
        except NotCompacted:
            logger.exception("document %s: not compacted", document)
    return done


@task()
def pack_history() -> int:
    """Pack what is old enough; how many rows."""
    rows = 0
    for document in _while_time(packing.due()):
        try:
            rows += packing.pack(document).rows
        except BadPiece:
            logger.exception("document %s: not packed", document)
    return rows


@task()
def empty_trash() -> int:
    """Delete for good what has been in the trash for too long; how many documents."""
    now = database_now()
    found = trash.expired(now).order_by("trashed_at", "pk").values_list("pk", flat=True)
    return sum(trash.erase_expired(document, now) for document in _while_time(iter(list(found))))


@task()
def expire_audit_log() -> int:
    """Delete entries of the audit log that are too old; how many."""
    return audit.expire()


@task()
def send_letters() -> int:
    """Send mails that are due, which servers do as well while somebody has a page open; how many."""
    return letters.send_due().sent


@task()
def forget_visitors() -> int:
    """Delete guests who left nothing behind and will not come back; how many."""
    for piece in _while_time(packing.unnoted()):
        try:
            packing.note_authors(piece)
        except BadPiece:
            logger.exception("piece %d: nobody knows who wrote it, so no guest is forgotten", piece)
    return sum(visitors.forget(guest) for guest in _while_time(iter(visitors.gone(database_now()))))


@task()
def clear_sessions() -> None:
    """Delete sessions that are over, and where they were."""
    Session.objects.filter(expire_date__lt=database_now()).delete()


@task()
def forget_results() -> int:
    """Delete what is known of jobs that are done; how many."""
    old = DBTaskResult.objects.finished().filter(finished_at__lt=database_now() - RESULTS_KEPT)
    return old.delete()[0]


def _while_time[T](found: Iterator[T]) -> Iterator[T]:
    """These, as long as there is time; the rest comes with the next run."""
    until = time.monotonic() + SLICE_S
    for each in found:
        yield each
        if time.monotonic() > until:
            logger.info("there is more to do: it goes on with the next run")
            return
