"""Doing background work: the worker of django-tasks-db, with our clock before each look into the queue.

Embedded (the default): the servers' processes do it on a thread beside, so that one process is enough. Or in processes
of its own (`manage.py work`, `COSCRIBE_BACKGROUND=worker`). Any number of either may run: each job is taken by one.
"""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from .schedule import tick

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S = 5.0  # how long a job waits at the most for somebody who has nothing else to do


def new_worker() -> Worker:
    """A worker that does what is in the queue, and ends when nothing is. It may be run again and again."""
    return Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )


def work(worker: Worker) -> None:
    """Do all that is due, on this thread. Raises what the database raises; the job at hand is then done again later."""
    close_old_connections()
    tick()
    if DBTaskResult.objects.ready().exists():  # asked first: the worker takes SQLite's write lock to look
        worker.run()


class Beside:
    """Background work on threads of this process, one at a time, which the process's end does not wait for."""

    def __init__(self, act: Callable[[Worker], None] = work) -> None:
        self._act = act
        self._worker = new_worker()
        self._thread: threading.Thread | None = None

    async def beat(self) -> None:
        """Begin to do what is due, unless that is being done, or left to other processes. Returns at once."""
        if settings.BACKGROUND != "embedded" or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._worker.running = False

    def _run(self) -> None:
        try:
            self._act(self._worker)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("background work stands still: the database does not answer (%s)", type(error).__name__)
        except Exception:
            logger.exception("background work failed")  # the next beat tries again
        finally:
            connection.close()
