"""Memory that large documents took, given back to the system."""

import ctypes

TRIM_AFTER_BYTES = 4 << 20  # of states that were unloaded: in memory that is up to twenty times as much


def give_back() -> None:
    """glibc keeps what was freed in a thread's own arena, and documents are loaded on threads: without this, half of
    what a large one took stays with the process for good. Takes milliseconds; run it on a thread. Other C libraries
    have no such call, and no such arenas.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
