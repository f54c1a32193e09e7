"""The one signal of the project: somebody's access may have changed. Sent after the change is committed.

Arguments:
    model: the class of the object, a `Guarded` model; or `User`, when a person was deactivated or changed groups,
        which may touch every object the person can reach, and when their sessions ended or their name changed.
    object_id: its primary key.
    change: the id of this change, under which its receipt goes to the object's owners (collab/receipts.py).
    at: when it was committed, in seconds since the epoch.
    people: the primary keys of those whose access it is about, or None where that may be anybody.

It does not say how access changed: a receiver reads the truth again (`access.roles_of`).
"""

import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import models, transaction
from django.dispatch import Signal

access_changed = Signal()
notices_changed = Signal()  # the notices of a person (its one argument, a primary key) are others now, or read

_noting: ContextVar[list[str] | None] = ContextVar("changes", default=None)


def announce(model: type[models.Model], object_id: Any, *, people: Collection[int] | None = None) -> str:
    """Send `access_changed` once the running transaction is committed; at once when there is none. The change's id."""
    change = uuid.uuid4().hex
    noted_here = _noting.get()
    if noted_here is not None:
        noted_here.append(change)

    def send() -> None:
        # Robust: the change is made, so a receiver that fails is logged (django.dispatch), not shown to the person.
        access_changed.send_robust(
            sender=model, model=model, object_id=object_id, change=change, at=time.time(), people=people
        )

    transaction.on_commit(send)
    return change


@contextmanager
def noted() -> Iterator[list[str]]:
    """The ids of the changes that are announced in this block: what an answer names its receipt by."""
    changes: list[str] = []
    token = _noting.set(changes)
    try:
        yield changes
    finally:
        _noting.reset(token)


def announce_notices(person: int) -> None:
    """Send `notices_changed` once the running transaction is committed; at once when there is none."""
    transaction.on_commit(partial(notices_changed.send_robust, sender=None, person=person))
