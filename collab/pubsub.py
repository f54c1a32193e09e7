"""Redis' publish/subscribe as a channel layer, with one more verb: many messages in one round trip.

channels-redis sends one message at a time and waits for its answer. With Redis 50 ms away that is 20 messages a second,
and whatever more is said piles up: carets came seconds late. A pipeline brings all that waits in one round trip.
"""

from collections.abc import Sequence
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer


class PubSubLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # the library has no types
    """The layer of one Redis (or of one master that Sentinels name)."""

    async def group_send_all(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Send each message to its group, in order. Raises what Redis' client raises; then some may have been sent."""
        layer = self._get_layer()
        [shard] = layer._shards
        async with shard._lock:
            shard._ensure_redis()
        async with shard._redis.pipeline(transaction=False) as pipeline:
            for group, message in messages:
                pipeline.publish(layer._get_group_channel_name(group), self.serialize(message))
            await pipeline.execute()
