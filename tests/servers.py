"""Real servers as child processes for tests: PostgreSQL, Redis, and the application itself.

Each is private (own port on the loopback, own folder), and gone when the test session ends, also after a failure. What
is not installed is an error that names the package, never a skip.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from deploy.parts import NotInstalled as NotInstalled
from deploy.parts import NotStarted, Part, find_program, free_port, listens, postgres_program, status_of
from deploy.parts import wait_until as wait_until

ROOT = Path(__file__).resolve().parent.parent


class Server(Part):
    """A part with a folder of its own, stopped and deleted at the latest when Python ends."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Path(tempfile.mkdtemp(prefix=f"coscribe-{name}-")))
        atexit.register(self.remove)

    def remove(self) -> None:
        """Kill it and delete its folder."""
        self.kill9()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self.remove()
        atexit.unregister(self.remove)


class Redis(Server):
    """A `redis-server` without a disk. `start()` after `kill9()` brings it back empty, on the same port. `options` are
    added to its command line.
    """

    def __init__(self, *options: str) -> None:
        super().__init__("redis")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.options = options
        self.start()

    def begin(self) -> None:
        program = find_program("redis-server", package="redis-server")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._spawn([program, *options, "--dir", str(self.folder), *self.options])

    def answers(self) -> bool:
        return listens(self.port)


class Postgres(Server):
    """A private PostgreSQL cluster with its defaults (fsync on). `start()` after `kill9()` recovers it on its port."""

    stops_by = signal.SIGINT  # "fast": without waiting for its clients
    children_leave = True

    def __init__(self) -> None:
        super().__init__("postgres")
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        if self.user:
            shutil.chown(self.folder, self.user)
        initdb = [postgres_program("initdb"), "--pgdata", str(self.data), "--username", "coscribe", "--auth", "trust"]
        done = subprocess.run(
            [*initdb, "--encoding", "UTF8", "--locale", "C.UTF-8"],
            cwd="/", user=self.user, group=self.user, extra_groups=[] if self.user else None, capture_output=True,
        )  # fmt: skip
        if done.returncode:
            self.log.write_bytes(done.stdout + done.stderr)
            raise NotStarted("initdb", self.log)
        self.start()

    def begin(self) -> None:
        options = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        self._spawn([postgres_program("postgres"), *options], user=self.user)

    def url(self, database: str) -> str:
        return f"postgres://coscribe@127.0.0.1:{self.port}/{database}"

    def create_database(self, database: str, *, template: str = "template1") -> str:
        """A fresh database; returns its URL."""
        self.psql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop_database(self, database: str) -> None:
        self.psql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def psql(self, sql: str, *, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.encode())

    def answers(self) -> bool:
        import psycopg

        try:
            self.psql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


class AppServer(Server):
    """The application under daphne or uvicorn, as `deploy/serve.sh` starts it. Runs when made; `start()` again after an
    end.

    The database must be migrated (`migrated_sqlite`, `migrate`). `env` is added to the process's environment, for
    instance `{"COLLAB_SWEEP_INTERVAL_MS": "200"}`.
    """

    def __init__(
        self,
        kind: Literal["daphne", "uvicorn"] = "daphne",
        *,
        database_url: str,
        redis_url: str = "",
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.root = ROOT  # of the tree that it runs
        self.kind = kind
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        # No collected files in its own folder: it serves the newest build, whoever made it.
        own = {"STATIC_ROOT": str(self.folder / "static"), "MEDIA_ROOT": str(self.folder / "media")}
        self.env = app_env(database_url=database_url, redis_url=redis_url, env={**own, **(env or {})})
        self.start()

    def begin(self) -> None:
        place = {"HOST": "127.0.0.1", "PORT": str(self.port), "SERVER": self.kind, "PYTHON": sys.executable}
        self._spawn([str(self.root / "deploy" / "serve.sh")], env={**self.env, **place})

    def answers(self) -> bool:
        return status_of(f"{self.url}/sign-in/") is not None


def start_redis() -> Redis:
    """A running Redis. Raises `NotInstalled`, `NotStarted`."""
    return Redis()


def start_postgres() -> Postgres:
    """A running PostgreSQL. Raises `NotInstalled`, `NotStarted`."""
    return Postgres()


def app_env(*, database_url: str, redis_url: str = "", env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the application's processes, and of its commands, in a test."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": "only for tests",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_URL": "dummymail://",  # on the terminal it would stand among the answers of our scripts
        **(env or {}),
    }


def migrate(database_url: str) -> None:
    """Bring the database's tables up to date."""
    manage("migrate", "--verbosity", "0", database_url=database_url)


def migrated_sqlite(folder: Path) -> str:
    """A fresh SQLite database in `folder`; returns its URL."""
    url = f"sqlite:///{folder / 'db.sqlite3'}"
    migrate(url)
    return url


def manage(
    *arguments: str, database_url: str, env: Mapping[str, str] | None = None, check: bool = True, root: Path = ROOT
) -> str:
    """Run a command of `manage.py` (of another copy at `root`) in a process of its own; returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(root / "manage.py"), *arguments],
        cwd=root, env=app_env(database_url=database_url, env=env), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if check and done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} exited with {done.returncode}:\n{done.stdout}")
    return done.stdout
