"""A store that says "committed" a moment before it commits. Only for proving that the kill test sees the difference."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.apps import AppConfig

DELAY_S = 0.1


class PrematureConfig(AppConfig):
    name = "tests.faults"
    label = "premature"

    def ready(self) -> None:
        from collab.core.batch import Batch, Committed, Outcome
        from collab.store import Store

        honest = Store.__dict__["commit"]
        queue = ThreadPoolExecutor(1)

        async def commit(self: Store, batches: Sequence[tuple[uuid.UUID, Batch]]) -> list[Outcome]:
            def later() -> None:
                time.sleep(DELAY_S)
                asyncio.run(honest(self, batches))

            queue.submit(later)
            return [Committed(batch.base + 1, batch.base + len(batch.rows), 0) for _, batch in batches]

        replaced: Any = Store
        replaced.commit = commit
