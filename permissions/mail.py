"""The thread that sends mail, beside every request: none waits for the mail server, or tells by the time it takes what
was found.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

logger = logging.getLogger(__name__)

MAX_WAITING = 100  # errands that wait for a slow server; what comes on top is asked for again by who needs it

_places = threading.BoundedSemaphore(MAX_WAITING)
_thread = ThreadPoolExecutor(1, thread_name_prefix="mail")
_coming: set[Callable[[], object]] = set()  # of those that run once for many callers: these have not begun yet
_door = threading.Lock()


def later(send: Callable[[], object]) -> None:
    """Run `send` on a thread of its own, where it may use the database. Its failure is a line of the log."""
    if not _places.acquire(blocking=False):
        logger.error("%d mails are waiting: one more was not taken", MAX_WAITING)
        return
    _thread.submit(_run_in_place, send)


def soon(send: Callable[[], object]) -> None:
    """`later`, once for all who ask for the same before it has begun."""
    with _door:
        if send in _coming:
            return
        _coming.add(send)
    _thread.submit(_run_for_all, send)


def _run_for_all(send: Callable[[], object]) -> None:
    with _door:
        _coming.discard(send)
    _run(send)


def _run_in_place(send: Callable[[], object]) -> None:
    try:
        _run(send)
    finally:
        _places.release()


def _run(send: Callable[[], object]) -> None:
    try:
        send()
    except Exception:
        logger.exception("a mail was not sent")
    finally:
        connection.close()
