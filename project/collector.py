"""When Python looks for garbage that refers to itself.

Every edit that waits in an inbox is a handful of objects. At the defaults (each 700 new ones, and all there are each
time a quarter has been added) a tenth of a busy core went into looking at edits that were in use, in pauses that all
people of the process felt. Measured: docs/performance.md, "A hundred documents".
"""

import gc

YOUNG = 20_000  # new objects before they are looked through: 5 MB or so that nobody needs any more
MIDDLE, OLD = 5, 2  # of those, before their elders are looked through: a closed socket leaves some 200 objects


def settle() -> None:
    """Call this when everything is imported: what is there now stays for good, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
