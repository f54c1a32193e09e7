"""The realtime app."""

import resource
import threading

from django.apps import AppConfig

STACK_BYTES = 1 << 30


class CollabConfig(AppConfig):
    """Connects `access_changed` to the rooms, and gives yrs the stack that a deep document may take."""

    name = "collab"
    verbose_name = "Editing"

    def ready(self) -> None:
        from . import receivers  # noqa: F401 - connects

        # yrs recurses over nested types: 33,000 of them overflow the usual 8 MiB, and SIGSEGV ends the process. The
        # main thread's stack grows up to the limit, a new thread's is reserved (not used) at its start.
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        wanted = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
        threading.stack_size(STACK_BYTES)
