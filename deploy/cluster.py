"""A whole installation on this machine's loopback: nginx, server processes, a worker, PostgreSQL, Redis.

`make cluster` runs it until Ctrl+C; its data stays in var/cluster. Tests start their own:

    with Cluster(folder, processes=3) as cluster:
        cluster.servers[0].kill9()
        cluster.redis.restart()

The same topology as the systemd units and compose.yaml make, from the same files: secrets.sh, migrate.py, serve.sh,
nginx/*.conf.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.parts import (
    ROOT,
    Command,
    Nginx,
    NotInstalled,
    NotReachable,
    NotStarted,
    Part,
    Postgres,
    Redis,
    ServerProcess,
    free_port,
    listens,
)

PYTHON = str(ROOT / ".venv" / "bin" / "python")
STATIC = ROOT / "var" / "static"


class Cluster:
    """Every part can be started, stopped, killed, paused and restarted by itself; ports stay the same.

    `port`: nginx's; 0: a free one. `kinds`: uvicorn or daphne, one a process. `env` is added to the environment of
    the server processes, the worker and `manage`; `env_of` to that of one process, by its place.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        ports: Sequence[int] = (),
        kinds: Sequence[str] = ("uvicorn", "uvicorn", "uvicorn"),
        worker: bool = True,
        env: Mapping[str, str] | None = None,
        env_of: Mapping[int, Mapping[str, str]] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        secrets = self.folder / "secrets"
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([ROOT / "deploy" / "secrets.sh", secrets], check=True)
        self.media = self.folder / "media"
        self.media.mkdir(exist_ok=True)
        self.postgres = Postgres(
            self.folder / "postgres", port=free_port(), password=(secrets / "postgres_password").read_text()
        )
        self.redis = Redis(self.folder / "redis", port=free_port(), secrets=secrets)
        self.env = self._environment(secrets, background="worker" if worker else "embedded", env=env or {})
        self.servers = [
            ServerProcess(
                f"server-{place + 1}",
                self.folder / "servers",
                port=ports[place] if place < len(ports) else free_port(),
                kind=kind,
                env={**self.env, **(env_of or {}).get(place, {})},
            )
            for place, kind in enumerate(kinds)
        ]
        self.workers = [self._worker()] if worker else []
        self.nginx = Nginx(
            self.folder / "nginx",
            port=port or free_port(),
            ports=[server.port for server in self.servers],
            static=STATIC,
            media=self.media,
        )
        self.url = self.nginx.url
        self.ws_url = self.url.replace("http", "ws", 1)

    @property
    def parts(self) -> list[Part]:
        """In the order in which they are started."""
        return [self.postgres, self.redis, *self.servers, *self.workers, self.nginx]

    @property
    def database_url(self) -> str:
        return self.postgres.url()

    def start(self) -> None:
        """Everything, as after the first start of a machine. Raises `NotInstalled`, `NotStarted`."""
        self.postgres.start()
        self.redis.start()
        self.migrate()
        others = [*self.servers, *self.workers, self.nginx]
        for part in others:
            part.begin()
        for part in others:
            part.wait()

    def stop(self) -> None:
        """Everything, in the other order."""
        self.nginx.stop()
        for part in (*self.servers, *self.workers):
            part.ask_to_end()
        for part in (*self.servers, *self.workers):
            part.wait_for_end()
        self.redis.stop()
        self.postgres.stop()

    def kill9(self) -> None:
        """Everything at once, as a power cut would."""
        for part in reversed(self.parts):
            part.kill9()

    def migrate(self) -> None:
        """Bring the tables up to date. Raises `NotStarted`."""
        log = self.folder / "migrate.log"
        with log.open("wb") as file:
            command = [PYTHON, str(ROOT / "deploy" / "migrate.py")]
            if subprocess.run(command, cwd=ROOT, env=self.env, stdout=file, stderr=file, check=False).returncode:
                raise NotStarted("migrate.py", log)

    def manage(self, *arguments: str) -> str:
        """Run a command of `manage.py` on the cluster's data; what it printed. Raises `CalledProcessError`."""
        return subprocess.run(
            [PYTHON, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill9()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _environment(self, secrets: Path, *, background: str, env: Mapping[str, str]) -> dict[str, str]:
        return {
            # The operator's own bounds (COLLAB_…, IMAGES_…, EMAIL_URL, …) hold here too; what the cluster is made of
            # does not come from outside.
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": (secrets / "secret_key").read_text(),
            "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.redis.url,
            "PROXY_COUNT": "1",
            "MEDIA_ROOT": str(self.media),
            "STATIC_ROOT": str(STATIC),
            "X_ACCEL_PREFIX": "/pictures/",
            "COSCRIBE_BACKGROUND": background,
            **env,
        }

    def _worker(self) -> Part:
        return Command("worker", self.folder / "worker", [str(ROOT / "deploy" / "work.sh")], env=self.env)


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set."""
    over = threading.Event()
    before = {number: signal.signal(number, lambda *_: over.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield over
    finally:
        for number, what in before.items():
            signal.signal(number, what)


def main() -> None:
    """Run a cluster until it is told to end, or a part of it ends by itself."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="nginx's; 0: a free one (default: 8000)")
    parser.add_argument("--processes", type=int, default=3, help="server processes (default: 3)")
    parser.add_argument("--server", choices=["uvicorn", "daphne"], default="uvicorn")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "cluster", help="its data (default: var/cluster)")
    given = parser.parse_args()
    if given.port and listens(given.port):
        sys.exit(f"Port {given.port} is in use: stop what listens there, or say another: make cluster PORT=8080.")
    try:
        cluster = Cluster(given.folder, port=given.port, kinds=[given.server] * given.processes)
        with interruptible() as over, cluster:
            tell(cluster)
            while not over.wait(1):
                for part in cluster.parts:
                    if not part.running:
                        sys.exit(f"{part.name} has ended by itself: {part.log}")
            print("\nStopping ...", flush=True)
    except (NotInstalled, NotReachable, NotStarted) as error:
        sys.exit(str(error))


def tell(cluster: Cluster) -> None:
    """Where everything is."""
    print(f"\n  Coscribe is at {cluster.url}/ : nginx before {len(cluster.servers)} server processes.\n")
    for part in cluster.parts:
        port = getattr(part, "port", None)
        print(f"  {part.name:12}{f'127.0.0.1:{port}' if port else '':17} process {part.pid:<8} {part.log}")
    print(f"\n  Ctrl+C stops it. Its data is in {cluster.folder}.\n", flush=True)


if __name__ == "__main__":
    main()
