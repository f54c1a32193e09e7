"""What breaks: one thing after another, sometimes two at once, chosen by the seed; and put right again."""

import contextlib
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.cluster import Cluster
from deploy.parts import NotStarted, Part

RECOVERY_S = 90.0
DISK_MB = 400
BALLAST = "ballast"
READ_ONLY = "ALTER DATABASE coscribe SET default_transaction_read_only = {}"
END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'coscribe' AND pid <> pg_backend_pid()"
)

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON documents_documentupdate FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


@dataclass
class Faults:
    """The cluster and what is done to it. `windows`: from when to when something was broken, on the run's clock."""

    cluster: Cluster
    rng: random.Random
    now: Callable[[], float]
    say: Callable[[str], None]
    disk: bool  # PostgreSQL's folder is a file system of its own that may be filled
    windows: list[tuple[float, float]] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)

    def choose(self) -> tuple[str, Callable[[], None]]:
        """The next fault, and how to do it and put it right (it takes seconds: on a thread). Each comes once before any
        comes again.
        """
        faults: list[tuple[int, str, Callable[[], None]]] = [
            (5, "kill a server", self._kill_server),
            (4, "restart a server", self._restart_server),
            (3, "pause a server", self._pause_server),
            (3, "kill Redis", self._kill_redis),
            (2, "pause Redis", self._pause_redis),
            (2, "end Redis' subscriptions", self._end_subscriptions),
            (2, "restart PostgreSQL", self._restart_postgres),
            (2, "kill PostgreSQL", self._kill_postgres),
            (2, "end PostgreSQL's connections", lambda: self._psql(END_ALL)),
            (2, "make the database read only", self._read_only),
            (1, "kill nginx", lambda: self._down(self.cluster.nginx, kill=True)),
            (1, "kill the worker", lambda: self._down(self.cluster.workers[0], kill=True)),
            (3, "fill the disk", self._fill_disk if self.disk else self._say_it_is_full),
        ]
        new = [each for each in faults if each[1] not in self._done] or faults
        _, name, act = self.rng.choices(new, [weight for weight, *_ in new])[0]
        self._done.add(name)
        return name, act

    def carry_out(self, name: str, act: Callable[[], None]) -> None:
        """Do it, wait until everything works again, and note the time between."""
        began = self.now()
        try:
            act()
        finally:
            self._recover()
            self.windows.append((began, self.now()))
            self.say(f"{name}: {self.now() - began:.1f} s")

    def calm_after(self, at: float, seconds: float) -> float:
        """The moment by which so many seconds have passed since `at` in which nothing was broken."""
        for begun, ended in sorted(self.windows):
            if ended <= at:
                continue
            if begun - at >= seconds:
                break
            seconds -= max(0.0, begun - at)
            at = ended
        return at + seconds

    def _for_a_while(self, least: float = 0.5, most: float = 4.0) -> None:
        time.sleep(self.rng.uniform(least, most))

    def _server(self) -> int:
        return self.rng.randrange(len(self.cluster.servers))

    def _down(self, part: Part, *, kill: bool) -> None:
        if kill:
            part.kill9()
        else:
            part.stop()
        self._for_a_while(0.2, 3)
        part.start()

    def _kill_server(self) -> None:
        self._down(self.cluster.servers[self._server()], kill=True)

    def _restart_server(self) -> None:
        """With another clock, if it is the one whose clock is off."""
        server = self.cluster.servers[self._server()]
        if "CLOCK_OFF_S" in server.env:
            server.env = {**server.env, "CLOCK_OFF_S": str(self.rng.randint(-300, 300))}
        self._down(server, kill=False)

    def _pause(self, part: Part) -> None:
        part.pause()
        self._for_a_while()
        part.resume()

    def _pause_server(self) -> None:
        self._pause(self.cluster.servers[self._server()])

    def _kill_redis(self) -> None:
        self._down(self.cluster.redis, kill=True)

    def _pause_redis(self) -> None:
        self._pause(self.cluster.redis)

    def _end_subscriptions(self) -> None:
        import redis

        client = redis.Redis.from_url(self.cluster.redis.url)
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
        client.flushall()
        client.close()

    def _restart_postgres(self) -> None:
        self._down(self.cluster.postgres, kill=False)

    def _kill_postgres(self) -> None:
        self.cluster.postgres.kill9()
        self._for_a_while(0.2, 3)

    def _read_only(self) -> None:
        """As a standby is, between the first's end and its own promotion."""
        self._psql(READ_ONLY.format("on"))
        self._psql(END_ALL)
        self._for_a_while()
        self._psql(READ_ONLY.format("off"))
        self._psql(END_ALL)

    def _fill_disk(self) -> None:
        """To the last byte: PostgreSQL cannot write its log, panics, and cannot even recover until there is room."""
        ballast = self.cluster.postgres.folder / BALLAST
        try:
            with ballast.open("wb") as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * (1 << 20))
                    file.flush()
        except OSError:
            pass
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            self.cluster.postgres.psql(
                "CREATE TABLE IF NOT EXISTS filler AS SELECT repeat('x', 2000) FROM generate_series(1, 20000)",
                database="coscribe",
            )
        self._for_a_while(2, 6)
        ballast.unlink()
        with contextlib.suppress(subprocess.CalledProcessError):
            self.cluster.postgres.psql("DROP TABLE IF EXISTS filler", database="coscribe")

    def _say_it_is_full(self) -> None:
        """Where no disk may be made: PostgreSQL's error for a full one, by a trigger."""
        self._psql(FULL, database="coscribe")
        self._for_a_while(2, 6)
        self._psql("DROP FUNCTION full_disk CASCADE", database="coscribe")

    def _psql(self, sql: str, *, database: str = "postgres") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.cluster.postgres.psql(sql, database=database)

    def _recover(self) -> None:
        """Everything runs and answers, whatever it takes."""
        deadline = time.monotonic() + RECOVERY_S
        for part in self.cluster.parts:
            while not (part.running and part.answers()):
                if time.monotonic() > deadline:
                    raise NotStarted(part.name, part.log)
                if not part.running:
                    with contextlib.suppress(NotStarted):
                        part.kill9()
                        part.begin()
                time.sleep(0.2)


def mount_small_disk(folder: Path) -> bool:
    """Make `folder` a file system of its own of a few hundred megabytes; False where that is not allowed. In a mount
    namespace of this process (`unshare --mount`) it is gone with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "coscribe-chaos", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
