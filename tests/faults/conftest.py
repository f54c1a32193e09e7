"""What the fault tests share: servers that may be broken, a seed that is printed, sizes for CI and for long runs."""

import os
import random
import time
from collections.abc import Iterator

import pytest

from deploy.parts import NotStarted
from tests.conftest import MIGRATED
from tests.servers import Postgres, Redis, migrate, start_postgres, start_redis

LONG = os.environ.get("COSCRIBE_LONG", "") not in ("", "0")


def size(usual: int, long: int) -> int:
    """How many, how long: `usual` in CI, `long` with COSCRIBE_LONG=1."""
    return long if LONG else usual


@pytest.fixture
def rng() -> random.Random:
    """Chance that can be repeated: the seed is printed with a failure, and COSCRIBE_SEED sets it."""
    seed = int(os.environ.get("COSCRIBE_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"COSCRIBE_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL to be broken: nobody else's."""
    with start_postgres() as server:
        migrate(server.create_database(MIGRATED))
        yield server


@pytest.fixture
def own_postgres_url(own_postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh migrated database in it."""
    if not own_postgres.running:  # as the test before has left it
        revive(own_postgres)
    name = f"test_{abs(hash(request.node.nodeid))}"
    yield own_postgres.create_database(name, template=MIGRATED)
    if own_postgres.running:
        own_postgres.drop_database(name)


def revive(postgres: Postgres) -> None:
    """Start it again; after a kill its children need a moment to notice, and it refuses to start beside them."""
    deadline = time.monotonic() + 30
    while True:
        try:
            postgres.start()
        except NotStarted:
            postgres.kill9()
            if time.monotonic() > deadline:
                raise
        else:
            return


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis to be broken: nobody else's."""
    with start_redis() as server:
        yield server
