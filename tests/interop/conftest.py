"""Stock clients, installed once, and a server for them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seed import scene
from tests.servers import ROOT, AppServer, migrated_sqlite

from .actors import HERE

STOCK = ("y-websocket-1", "y-websocket-2", "y-websocket-3")
HOCUSPOCUS = ("hocuspocus-2", "hocuspocus-3", "hocuspocus-4")


@pytest.fixture(scope="session")
def own_provider(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The browser's own provider, bundled for Node. Its yjs is the one of the stock clients, as in any page."""
    made = HERE / "node_modules" / ".own" / f"{tmp_path_factory.getbasetemp().name}-{id(node_modules)}.mjs"
    vite = ROOT / "frontend" / "node_modules" / "vite" / "bin" / "vite.js"
    assert vite.exists(), "frontend/node_modules is missing: run npm ci in frontend"
    bundle = ["node", str(HERE / "bundle.mjs"), str(ROOT / "frontend"), str(made)]
    done = subprocess.run(bundle, cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(made)


class Stage:
    """A server, and documents of ada's that bob edits and vera reads."""

    def __init__(self, app: AppServer, database_url: str, seeded: dict[str, Any]) -> None:
        self.app = app
        self.database_url = database_url
        self.people: dict[str, Any] = seeded["people"]
        self._documents: list[str] = list(seeded["documents"])

    def document(self) -> str:
        """One that nobody has touched."""
        return self._documents.pop()

    def session(self, who: str) -> str:
        key: str = self.people[who]["session"]
        return key


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, node_modules: Path
) -> Iterator[Stage]:
    """A real server under either program."""
    url = migrated_sqlite(tmp_path_factory.mktemp(request.param))
    seeded = scene(owner="ada", shared={"bob": "editor", "vera": "viewer"}, database_url=url, documents=40)
    with AppServer(request.param, database_url=url, env={"LOG_LEVEL": "WARNING"}) as app:
        yield Stage(app, url, seeded)
