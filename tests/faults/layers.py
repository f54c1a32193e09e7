"""Channel layers that fail as Redis does, for the settings in `tests.faults.settings`."""

import logging
from collections.abc import Sequence
from typing import Any

from collab.pubsub import PubSubLayer

EVERY = 10
logger = logging.getLogger(__name__)


class LossyLayer(PubSubLayer):
    """Loses every tenth message, and nobody is told."""

    _sent = 0

    async def group_send_all(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        kept = []
        for group, message in messages:
            self._sent += 1
            if self._sent % EVERY:
                kept.append((group, message))
            else:
                logger.warning("lost a message of type %s", message["type"])
        await super().group_send_all(kept)


class DeafLayer(PubSubLayer):
    """Loses every message."""

    async def group_send_all(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        pass

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        pass
