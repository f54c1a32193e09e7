"""Real servers as child processes for tests: PostgreSQL, Redis, and the application itself.

Each is private (own port on the loopback, own folder), and gone when the test session ends, also after a failure. What
is not installed is an error that names the package, never a skip.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

ROOT = Path(__file__).resolve().parent.parent
INSTALL = "run deploy/setup-test-services.sh, or install it with the system's package manager"
START_TIMEOUT_S = 30.0


class NotInstalled(Exception):
    """A server the tests need is not on this machine."""

    def __init__(self, program: str, package: str) -> None:
        self.program = program
        self.package = package
        super().__init__(f"{program} was not found: it is in the package {package} ({INSTALL}).")


class NotStarted(Exception):
    """A server ended, or did not answer in time. Shows the end of its log."""

    def __init__(self, what: str, log: Path) -> None:
        self.log = log
        tail = log.read_text(errors="replace")[-3000:] if log.exists() else "(no log)"
        super().__init__(f"{what} did not start:\n{tail}")


class Server:
    """A child process with a log, stopped at the latest when Python ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"coscribe-{name}-"))
        self.log = self.folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    @property
    def pid(self) -> int:
        """The process's number. Raises `RuntimeError` when it is not running."""
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"{self.name} is not running")
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill9(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait; killed when it does not within 15 s."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Stop it in the middle of what it does, as an overloaded machine would."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

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

    def _spawn(self, command: list[str], *, env: Mapping[str, str] | None = None, user: str | None = None) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=user, group=user,
                extra_groups=[] if user else None, start_new_session=True,
            )  # fmt: skip

    def _wait_for(self, ready: Callable[[], bool]) -> None:
        wait_until(ready, alive=lambda: self.running, failure=lambda: NotStarted(self.name, self.log))

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            if number != signal.SIGKILL:
                os.kill(self.process.pid, number)
                try:
                    self.process.wait(15)
                except subprocess.TimeoutExpired:
                    pass
            # The whole group: PostgreSQL has children, and a paused process takes only this signal.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(15)
        self.process = None


class Redis(Server):
    """A `redis-server` without a disk. `start()` after `kill9()` brings it back empty, on the same port."""

    def __init__(self) -> None:
        super().__init__("redis")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        program = find_program("redis-server", package="redis-server")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._spawn([program, *options, "--dir", str(self.folder)])
        self._wait_for(lambda: answers(self.port))


class Postgres(Server):
    """A private PostgreSQL cluster with its defaults (fsync on). `start()` after `kill9()` recovers it on its port."""

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

    def start(self) -> None:
        options = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        self._spawn([postgres_program("postgres"), *options], user=self.user)
        self._wait_for(self._is_ready)

    def stop(self) -> None:
        """Ask it to end without waiting for its clients ("fast"), and wait."""
        self._end(signal.SIGINT)

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

    def _is_ready(self) -> bool:
        import psycopg

        try:
            self.psql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


class AppServer(Server):
    """The application under daphne or uvicorn, as the Makefile starts it. Runs when made; `start()` again after an end.

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
        self.kind = kind
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        # No collected files in its own folder: it serves the newest build, whoever made it.
        static = {"STATIC_ROOT": str(self.folder / "static")}
        self.env = app_env(database_url=database_url, redis_url=redis_url, env={**static, **(env or {})})
        self.start()

    def start(self) -> None:
        # `exec`: the shell that raises the stack's limit becomes the server, so that `pid` is the server's.
        shell = 'ulimit -s 1048576 2>/dev/null || true; exec "$0" "$@"'
        self._spawn(["sh", "-c", shell, sys.executable, *self._command()], env=self.env)
        self._wait_for(lambda: responds(f"{self.url}/sign-in/"))

    def _command(self) -> list[str]:
        if self.kind == "daphne":
            return [
                "-m", "daphne", "--bind", "127.0.0.1", "--port", str(self.port), "--verbosity", "0",
                "--websocket-max-message-size", "16777216", "--websocket-max-frame-size", "16777216",
                "--application-close-timeout", "10", "project.asgi:application",
            ]  # fmt: skip
        return [
            "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(self.port), "--ws", "websockets-sansio",
            "--loop", "uvloop", "--lifespan", "off", "--log-level", "warning", "--ws-max-size", "16777216",
            "--timeout-graceful-shutdown", "10", "project.asgi:application",
        ]  # fmt: skip


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


def manage(*arguments: str, database_url: str, env: Mapping[str, str] | None = None, check: bool = True) -> str:
    """Run a command of `manage.py` in a process of its own; returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT, env=app_env(database_url=database_url, env=env), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if check and done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} exited with {done.returncode}:\n{done.stdout}")
    return done.stdout


def free_port() -> int:
    """A port on the loopback that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether somebody listens on this port of the loopback."""
    with socket.socket() as found:
        found.settimeout(1)
        return found.connect_ex(("127.0.0.1", port)) == 0


def responds(url: str) -> bool:
    """Whether a web server answers, with any status."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def wait_until(
    ready: Callable[[], bool],
    *,
    alive: Callable[[], bool] = lambda: True,
    failure: Callable[[], Exception] = lambda: TimeoutError("this did not become true in time"),
    timeout_s: float = START_TIMEOUT_S,
) -> None:
    """Ask `ready` every 20 ms until it is true; raises `failure()` after `timeout_s`, or when no longer `alive`."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if not alive() or time.monotonic() > deadline:
            raise failure()
        time.sleep(0.02)


def find_program(name: str, *, package: str) -> str:
    """Its path. Raises `NotInstalled`."""
    found = shutil.which(name)
    if not found:
        raise NotInstalled(name, package)
    return found


def postgres_program(name: str) -> str:
    """The path of one of PostgreSQL's own programs, of the newest version from 15 on. Raises `NotInstalled`."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*") if path.name.isdecimal()]
    for version in sorted(versions, key=lambda path: int(path.name), reverse=True):
        program = version / "bin" / name
        if int(version.name) >= 15 and program.exists():
            return str(program)
    return find_program(name, package="postgresql")
