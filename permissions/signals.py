"""The one signal of the project: somebody's access may have changed. Sent after the change is committed.

Arguments:
    model: the class of the object, a `Guarded` model; or `User`, when a person was deactivated or changed groups,
        which may touch every object the person can reach.
    object_id: its primary key.

It does not say whose access changed or how: a receiver reads the truth again (`access.roles_of`).
"""

from functools import partial
from typing import Any

from django.db import models, transaction
from django.dispatch import Signal

access_changed = Signal()


def announce(model: type[models.Model], object_id: Any) -> None:
    """Send `access_changed` once the running transaction is committed; at once when there is none."""
    # Robust: the change is made, so a receiver that fails is logged (django.dispatch), not shown to the person.
    transaction.on_commit(partial(access_changed.send_robust, sender=model, model=model, object_id=object_id))
