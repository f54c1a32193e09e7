"""Servers and people for attacks. One server of each kind serves all attacks of a test process."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seed import scene
from tests.servers import AppServer, migrated_sqlite

from .arena import Arena

SHARED = {"bob": "editor", "vera": "viewer", "mallory": "editor", "hugo": "editor"}
DOCUMENTS = 120  # every attack gets one of its own


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A real server, and documents that ada shares with bob, mallory and hugo (editors) and vera (viewer)."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    url = migrated_sqlite(folder)
    seeded: dict[str, Any] = scene(owner="ada", shared=SHARED, database_url=url, documents=DOCUMENTS)
    with AppServer(
        request.param,
        database_url=url,
        env={"RUST_BACKTRACE": "0", "LOG_LEVEL": "WARNING", "COLLAB_MAX_CONNECTIONS_PER_USER": "20"},
    ) as app:
        arena = Arena(app, url, seeded)
        yield arena
        asyncio.run(arena.check_after_restart())
