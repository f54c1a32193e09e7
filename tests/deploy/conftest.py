"""A whole installation for tests: nginx before a process of uvicorn and one of daphne, PostgreSQL, Redis, a worker."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster import Cluster
from tests.clients import Scribe
from tests.seed import scene

# Sessions are made by another process (tests.seed), with the key that all tests have.
ENV = {"SECRET_KEY": "only for tests", "EMAIL_URL": "dummymail://", "LOG_LEVEL": "INFO", "SIGN_IN_FAILURES": "3"}


@dataclass
class Site:
    """A cluster with ada's documents, which bob edits. Every test takes documents of its own."""

    cluster: Cluster
    people: dict[str, Any]
    documents: list[str]

    def document(self) -> str:
        return self.documents.pop()

    def cookie(self, who: str) -> str:
        return f"sessionid={self.people[who]['session']}"

    def scribe(self, who: str, document: str, *, at: str = "") -> Scribe:
        """A person's page, through nginx or straight at a process."""
        return Scribe(at or self.cluster.ws_url, self.people[who]["session"], document)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that PostgreSQL's user may enter too, which pytest's own are not."""
    place = Path(tempfile.mkdtemp(prefix="coscribe-cluster-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    place = Path(tempfile.mkdtemp(prefix="coscribe-cluster-"))
    place.chmod(0o755)
    try:
        with Cluster(place, kinds=["uvicorn", "daphne"], env=ENV) as cluster:
            shared = {"bob": "editor", "vera": "viewer"}
            seeded = scene(owner="ada", shared=shared, database_url=cluster.database_url, documents=40)
            yield Site(cluster, seeded["people"], seeded["documents"])
    finally:
        shutil.rmtree(place)
