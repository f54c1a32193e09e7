"""Channel layers that fail as Redis does, for the settings in `tests.faults.settings`."""

import logging
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

EVERY = 10
logger = logging.getLogger(__name__)


class LossyLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # the library has no types
    """Loses every tenth message, and nobody is told."""

    _sent = 0

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._sent += 1
        if self._sent % EVERY:
            await self._get_layer().group_send(group, message)
        else:
            logger.warning("lost a message of type %s", message["type"])


class DeafLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """Loses every message."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        pass
