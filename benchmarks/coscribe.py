"""Coscribe under measurement, as it is deployed: real sessions, permissions and Origin checks, each client a person."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from deploy.parts import wait_until
from tests import seed
from tests.servers import AppServer, Postgres, Redis, Server, migrate, migrated_sqlite

from .contenders import Seat
from .nginx import Nginx
from .pinning import SERVER_CORE, pinned

Kind = Literal["uvicorn", "daphne"]

# A capacity needs people who type faster than people: the bound on one connection (500 a second) would be measured
# instead. Nothing else is other than in production.
SETTINGS = {"COLLAB_MAX_UPDATES_PER_SECOND": "1000000"}

# Names are made from the number of the document and the person; all in one transaction, for a thousand people.
DOCUMENTS = """
made = []
with transaction.atomic():
    host = person("host")
    for n in range({count}):
        document = Document.objects.create_for(owner=user("host"), title=f"minutes {{n}}")
        sessions = []
        for p in range({people}):
            guest = person(f"guest{{p}}x{{n % {spread}}}")
            sharing.grant(by=user("host"), obj=document, to=user(f"guest{{p}}x{{n % {spread}}}"), role=Role.EDITOR)
            sessions.append(guest["session"])
        made.append([str(document.pk), sessions])
result = made
"""
PEOPLE_AT_MOST = 1000


class Pinned(Server):
    """Any of them, on the servers' core."""

    def _spawn(self, command: Sequence[str], *, env: Mapping[str, str] | None = None, user: str | None = None) -> None:
        super()._spawn(pinned(list(command), SERVER_CORE), env=env, user=user)


class PinnedApp(Pinned, AppServer): ...


class PinnedPostgres(Pinned, Postgres): ...


class PinnedRedis(Pinned, Redis): ...


class Coscribe:
    """The application in `processes` processes, with its database and, if wanted, Redis. Several are reached through
    nginx where that is installed, else evenly."""

    fills_as_one = False
    stored_after_s = 15.0  # a large document is being folded until then

    def __init__(
        self, kind: Kind = "uvicorn", *, postgres: bool = False, redis: bool = False, dialect: str = "y",
        processes: int = 1, behind_nginx: bool = False, env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        parts = ["coscribe", kind, *(["postgres"] if postgres else []), *(["redis"] if redis else [])]
        self.name = "-".join([*parts, *(["v1"] if dialect == "v1" else [])])
        self.dialect = dialect
        self.acknowledges = "message" if dialect == "v1" else "echo"
        self.postgres = PinnedPostgres() if postgres else None
        self.redis = PinnedRedis() if redis else None
        self.folder: Path | None = None
        self.database_url = self._database()
        self.redis_url = self.redis.url if self.redis else ""
        self.env = {**SETTINGS, **(env or {})}
        self.apps = [self._app(kind) for _ in range(processes)]
        self.nginx = Nginx([app.port for app in self.apps]) if behind_nginx else None

    def _database(self) -> str:
        if self.postgres:
            url = self.postgres.create_database("coscribe")
            migrate(url)
            return url
        self.folder = Path(tempfile.mkdtemp(prefix="coscribe-bench-"))
        return migrated_sqlite(self.folder)

    def _app(self, kind: Kind) -> PinnedApp:
        return PinnedApp(kind, database_url=self.database_url, redis_url=self.redis_url, env=self.env)

    def documents(self, count: int, people: int) -> list[list[Seat]]:
        # A person may be in several documents: as many documents as may be have people of their own.
        spread = max(1, min(count, PEOPLE_AT_MOST // people))
        made = self.seed(DOCUMENTS.format(count=count, people=people, spread=spread))
        os.sync()  # what is measured next does not wait for the disk on account of this
        return [
            [self.seat(document, session, number) for number, session in enumerate(sessions)]
            for document, sessions in made
        ]

    def seed(self, code: str) -> Any:
        """Run lines on the database, from outside (tests/seed.py)."""
        return seed.run(code, database_url=self.database_url, redis_url=self.redis_url)

    def seat(self, document: str, session: str, number: int = 0) -> Seat:
        """A place at a document, behind nginx or at the next process."""
        port = self.nginx.port if self.nginx else self.apps[number % len(self.apps)].port
        headers = {"Cookie": f"sessionid={session}", "Origin": f"http://127.0.0.1:{port}"}
        return Seat(port, f"/ws/documents/{document}/", document, self.dialect, headers)

    @property
    def pids(self) -> list[int]:
        parts = [*self.apps, *(part for part in (self.postgres, self.redis, self.nginx) if part)]
        return [part.pid for part in parts]

    @property
    def running(self) -> bool:
        return all(app.running for app in self.apps)

    @property
    def server_pid(self) -> int:
        return self.apps[0].pid

    def start(self) -> None:
        for app in self.apps:
            if not app.running:
                app.start()

    def stop(self) -> None:
        for app in self.apps:
            app.stop()

    def reap(self) -> None:
        wait_until(lambda: not self.apps[0].running)
        self.apps[0].kill9()

    def remove(self) -> None:
        for part in (self.nginx, *self.apps, self.redis, self.postgres):
            if part:
                part.remove()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
