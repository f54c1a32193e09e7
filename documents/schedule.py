"""When background work is due: a row a job, and whoever looks first moves it on and puts the job in the queue.

Both happen in one transaction, so of any number of processes one does so, and each job runs once in its period. A job
that still waits in the queue is not put there a second time: no worker for a day is one job behind, and not a thousand.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.tasks import Task, TaskResultStatus
from django_tasks_db.models import DBTaskResult

from permissions.clock import database_now

from . import jobs
from .models import RecurringJob

LEASE = timedelta(minutes=15)  # a job that runs for longer was left by a worker that died: none takes a tenth of it
MAX_WORKERS_LOST = 3  # a job that kills whoever does it is not tried for ever
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job, and the time from one run to the next."""

    job: Task[..., Any]
    every: timedelta

    @property
    def name(self) -> str:
        return self.job.name


SCHEDULE = (
    Recurring(jobs.send_letters, timedelta(minutes=5)),
    Recurring(jobs.compact_documents, timedelta(minutes=30)),
    Recurring(jobs.pack_history, timedelta(hours=1)),
    Recurring(jobs.empty_trash, timedelta(hours=6)),
    Recurring(jobs.expire_audit_log, timedelta(days=1)),
    Recurring(jobs.forget_visitors, timedelta(days=1)),
    Recurring(jobs.clear_sessions, timedelta(days=1)),
    Recurring(jobs.forget_results, timedelta(days=1)),
)


def tick(now: datetime | None = None, *, schedule: tuple[Recurring, ...] = SCHEDULE) -> list[str]:
    """Put into the queue what is due, and what a worker left behind; returns the names of the former.

    May be called by any number of processes, as often as they like: it costs three queries when nothing is due.
    """
    now = now or database_now()
    _take_back(now)
    known = dict(RecurringJob.objects.values_list("name", "due_at"))
    return [each.name for each in schedule if _is_due(each, known.get(each.name), now) and _enqueue(each, now)]


def _is_due(each: Recurring, due_at: datetime | None, now: datetime) -> bool:
    # Further away than one period: somebody whose clock was ahead put it there.
    return due_at is None or due_at <= now or due_at > now + 2 * each.every


def _enqueue(each: Recurring, now: datetime) -> bool:
    """Move it on and put it into the queue; False when somebody else did, or it is new: then it is due in a period."""
    with transaction.atomic():
        row, new = RecurringJob.objects.get_or_create(name=each.name, defaults={"due_at": now + each.every})
        if new or not _is_due(each, row.due_at, now):
            return False
        # Of two who have read the same time one finds it changed here.
        if not RecurringJob.objects.filter(name=each.name, due_at=row.due_at).update(due_at=now + each.every):
            return False
        if DBTaskResult.objects.ready().filter(task_path=each.job.module_path).exists():
            return False
        each.job.enqueue()
        return True


def _take_back(now: datetime) -> None:
    """Put back what was begun longer than `LEASE` ago: who did it is dead, or as good as."""
    for left in DBTaskResult.objects.running().filter(started_at__lt=now - LEASE):
        again = len(left.worker_ids) < MAX_WORKERS_LOST
        same = DBTaskResult.objects.running().filter(pk=left.pk, started_at=left.started_at)
        if again and same.update(status=TaskResultStatus.READY):
            logger.warning("the job %s was left in the middle: it is done again", left.task_path)
        elif not again and same.update(status=TaskResultStatus.FAILED, finished_at=now):
            logger.error("the job %s ended %d workers: it is given up", left.task_path, MAX_WORKERS_LOST)
