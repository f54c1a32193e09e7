"""Reading a whole document, in turns: the largest takes a processor for minutes, and others are to be served, too."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2  # of one process
WAIT_S = 30.0

_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Others are being read, for longer than somebody waits."""


@contextmanager
def turn() -> Iterator[None]:
    """One of the few places for reading a whole document. Raises `Busy`."""
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy
    try:
        yield
    finally:
        _turns.release()
