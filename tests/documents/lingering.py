"""A job that says when it has begun, and ends when it may: for tests that end its worker in between."""

import time
from pathlib import Path

from django.tasks import task


@task()
def linger(folder: str) -> int:
    """Begins by adding a line to `folder`/begun, ends when there is `folder`/go on. Returns which time this was."""
    place = Path(folder)
    with (place / "begun").open("a") as begun:
        begun.write("again\n")
    while not (place / "go on").exists():
        time.sleep(0.01)
    return len((place / "begun").read_text().splitlines())


@task()
def fail() -> None:
    raise RuntimeError("as it must")
