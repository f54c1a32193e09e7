"""Which core does what: everything that belongs to a server on one, the load generator on the other."""

import os

SERVER_CORE = 0
GENERATOR_CORE = 1


def pinned(command: list[str], core: int) -> list[str]:
    """The command, kept on this core; as it is where there is only one."""
    if len(os.sched_getaffinity(0)) < 2:
        return command
    return ["taskset", "--cpu-list", str(sorted(os.sched_getaffinity(0))[core]), *command]
