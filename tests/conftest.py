"""People and documents by name, and the servers that some tests need."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import translation
from hypothesis import settings as hypothesis

from collab import hub as hubs
from collab.hub import Hub
from documents import worker
from documents.models import Document
from permissions import letters
from permissions.models import User

from .databases import used_database
from .servers import ROOT, AppServer, Postgres, Redis, migrate, migrated_sqlite, start_postgres, start_redis

# No deadline: the machine is shared. The blob is what repeats a failure.
hypothesis.register_profile("house", deadline=None, print_blob=True)
hypothesis.load_profile("house")

MIGRATED = "migrated"  # the database from which each test's own is copied: 0.1 s in place of 2


def pytest_unconfigure() -> None:
    """What this process wrote; pytest-xdist's end without `atexit`."""
    scratch = getattr(settings, "SCRATCH", None)  # of tests.settings, which would turn the database on being imported
    if scratch is not None:
        shutil.rmtree(scratch, ignore_errors=True)


class Person(Protocol):
    def __call__(self, username: str, **fields: Any) -> User: ...


class StartApp(Protocol):
    def __call__(self, kind: str = "daphne", **options: Any) -> AppServer: ...


@pytest.fixture
def person() -> Person:
    """Makes people: `person("dave")`."""

    def make(username: str, **fields: Any) -> User:
        fields = {"name": username.title(), "email": f"{username}@example.org", "password": "correct horse"} | fields
        return User.objects.create_user(username, **fields)

    return make


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A request leaves its language behind on the thread, where the next test's sentences would be in it."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_post(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Letters stay where they are: their thread would send one test's in the next. The real `letters.wake`."""
    real = letters.wake
    monkeypatch.setattr(letters, "wake", lambda: None)
    return real


@pytest.fixture(autouse=True)
def no_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of tests do no background work in this process: its thread would outlive the test's database."""

    async def nothing(_: worker.Beside) -> None:
        pass

    monkeypatch.setattr(worker.Beside, "beat", nothing)


@pytest.fixture
def ada(person: Person, db: None) -> User:
    return person("ada")


@pytest.fixture
def bob(person: Person, db: None) -> User:
    return person("bob")


@pytest.fixture
def carol(person: Person, db: None) -> User:
    return person("carol")


@pytest.fixture
def minutes(ada: User) -> Document:
    """A document that belongs to ada."""
    return Document.objects.create_for(owner=ada, title="Minutes")


@pytest.fixture
def browser_of() -> Callable[[User | None], Client]:
    """A client that somebody is signed in with; `None` for nobody."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, "permissions.backends.SignInBackend")
        return client

    return make


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with start_redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A private cluster for the whole session, with a migrated database to copy."""
    with start_postgres() as server:
        migrate(server.create_database(MIGRATED))
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh migrated database of its own for this test."""
    name = f"test_{abs(hash(request.node.nodeid))}"
    yield postgres.create_database(name, template=MIGRATED)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy."""
    folder = tmp_path_factory.mktemp("migrated")
    migrated_sqlite(folder)
    return folder / "db.sqlite3"


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite file of its own for this test, for processes; tests themselves use `db`."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'db.sqlite3')}"


@pytest.fixture
def on_postgres(postgres_url: str, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The ORM of this test works on a PostgreSQL of its own, on every thread. Nothing is rolled back: it is dropped."""
    with django_db_blocker.unblock(), used_database(postgres_url):
        yield postgres_url


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The database of `databases.either_database` and `databases.only_postgres`."""
    kind: str = request.param
    request.getfixturevalue({"sqlite": "db", "postgresql": "on_postgres"}[kind])
    return kind


@pytest.fixture
def tuned() -> dict[str, Any]:
    """What a test's hub has otherwise in `settings.COLLAB`."""
    return {}


@pytest.fixture
async def hub(settings: Any, tuned: dict[str, Any]) -> AsyncIterator[Hub]:
    """The hub of this test's loop, as a process has it."""
    settings.COLLAB = settings.COLLAB | tuned
    made = hubs.current()
    yield made
    await made.close()
    del hubs._hubs[made.loop]
    await sync_to_async(connections.close_all)()


@pytest.fixture
def start_app() -> Iterator[StartApp]:
    """Starts application servers; `start_app("uvicorn", database_url=…)`. They end with the test."""
    servers: list[AppServer] = []

    def start(kind: Any = "daphne", **options: Any) -> AppServer:
        servers.append(AppServer(kind, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
        server.remove()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Stock Yjs clients for Node: the packages of tests/interop/package-lock.json, installed by whichever test process
    comes first.
    """
    place = ROOT / "tests" / "interop" / "node_modules"
    with (Path(tempfile.gettempdir()) / "coscribe-interop-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / ".package-lock.json").exists():
            subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=place.parent, check=True, capture_output=True)
    return place
