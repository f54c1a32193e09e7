"""The parts of an installation as child processes: PostgreSQL, Redis, nginx, the server processes, the worker.

Each has a folder, a log in it, and listens on the loopback only. `cluster.py` puts them together.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 60.0


class NotInstalled(Exception):
    """A program is not on this machine."""

    def __init__(self, program: str, package: str) -> None:
        self.program, self.package = program, package
        super().__init__(f"{program} was not found: it is in the package {package} (apt-get install {package}).")


class NotStarted(Exception):
    """A part ended, or did not answer in time. Shows the end of its log."""

    def __init__(self, name: str, log: Path) -> None:
        self.name, self.log = name, log
        tail = log.read_text(errors="replace")[-3000:] if log.exists() else "(no log)"
        super().__init__(f"{name} did not start:\n{tail}")


class NotReachable(Exception):
    """A folder is inside of one that somebody may not enter."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder, self.user = folder, user
        super().__init__(
            f"The user {user} cannot get at {folder}: say another place: make cluster CLUSTER=/srv/coscribe"
        )


class Part:
    """One child process and what it leaves in its folder. `start` after an end brings it back on the same port."""

    name: str
    stops_by = signal.SIGTERM
    children_leave = False  # its group; so they would outlive it
    patience_s = 20.0  # for an end: longer than a server process takes to say goodbye to everybody

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Raises `RuntimeError` when it is not running."""
        if self.process is None or not self.running:
            raise RuntimeError(f"{self.name} is not running")
        return self.process.pid

    def start(self) -> None:
        """Start it, and wait until it answers. Raises `NotInstalled`, `NotStarted`."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start it without waiting; `wait` does."""
        raise NotImplementedError

    def wait(self) -> None:
        """Until it answers. Raises `NotStarted`."""
        wait_until(self.answers, alive=lambda: self.running, failure=lambda: NotStarted(self.name, self.log))

    def answers(self) -> bool:
        """Whether it does its work."""
        return self.running

    def stop(self) -> None:
        """Ask it to end, and wait; killed when it does not."""
        self.ask_to_end()
        self.wait_for_end()

    def restart(self) -> None:
        self.stop()
        self.start()

    def ask_to_end(self) -> None:
        """Without waiting; `wait_for_end` does."""
        if self.running:
            os.kill(self.pid, self.stops_by)

    def wait_for_end(self) -> None:
        """Until it is gone; killed when that takes too long."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience_s)
            self.kill9()

    def kill9(self) -> None:
        """End it as a power cut would, its children with it, and wait until it is gone."""
        if self.process is None:
            return
        children = _children_of(self.process.pid) if self.children_leave and self.running else []
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def pause(self) -> None:
        """Stop it in the middle of what it does, as an overloaded machine would."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _spawn(self, command: Sequence[str], *, env: Mapping[str, str] | None = None, user: str | None = None) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user=user, group=user, extra_groups=[] if user else None, start_new_session=True,
            )  # fmt: skip


class Redis(Part):
    """A Redis as `deploy/redis.sh` starts it, with the password in the folder `secrets`."""

    def __init__(self, folder: Path, *, port: int, secrets: Path) -> None:
        super().__init__("redis", folder)
        self.port, self.secrets = port, secrets

    @property
    def url(self) -> str:
        return f"redis://:{(self.secrets / 'redis_password').read_text()}@127.0.0.1:{self.port}/0"

    def begin(self) -> None:
        program = find_program("redis-server", package="redis-server")
        env = {**os.environ, "SECRETS": str(self.secrets), "HOST": "127.0.0.1", "PORT": str(self.port)}
        self._spawn([str(ROOT / "deploy" / "redis.sh"), program], env=env)

    def answers(self) -> bool:
        return listens(self.port)


class Postgres(Part):
    """A private PostgreSQL: its owner is `coscribe`, by password. As root it runs as the user postgres."""

    stops_by = signal.SIGINT  # "fast": without waiting for its clients
    children_leave = True  # a backend that is left would finish its commit

    def __init__(self, folder: Path, *, port: int, password: str) -> None:
        super().__init__("postgres", folder)
        self.port, self.password = port, password
        self.data = folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root

    def url(self, database: str = "coscribe") -> str:
        return f"postgres://coscribe:{self.password}@127.0.0.1:{self.port}/{database}"

    def begin(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        options = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        self._spawn([postgres_program("postgres"), *options], user=self.user)

    def start(self) -> None:
        super().start()
        with contextlib.suppress(subprocess.CalledProcessError):  # it is there since the last time
            self.psql("CREATE DATABASE coscribe")

    def answers(self) -> bool:
        try:
            self.psql("SELECT 1")
        except subprocess.CalledProcessError:
            return False
        return True

    def psql(self, sql: str, *, database: str = "postgres") -> str:
        """Run a statement; what it says, a line a row. Raises `subprocess.CalledProcessError`."""
        program = postgres_program("psql")
        url = f"postgres://coscribe@127.0.0.1:{self.port}/{database}"
        return subprocess.run(
            [program, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", url, "--command", sql],
            env={"PATH": os.environ.get("PATH", ""), "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def _initialise(self) -> None:
        if self.user and subprocess.run(["test", "-x", self.folder], cwd="/", user=self.user, check=False).returncode:
            raise NotReachable(self.folder, self.user)
        password = self.folder / "password"
        write_privately(password, self.password)
        if self.user:
            for path in (self.folder, password):
                shutil.chown(path, self.user, self.user)
        command = [postgres_program("initdb"), "--pgdata", str(self.data), "--username", "coscribe"]
        command += ["--pwfile", str(password), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        done = subprocess.run(
            command, cwd="/", user=self.user, group=self.user, extra_groups=[] if self.user else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        password.unlink()
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)  # half of one would be taken for a whole next time
            self.log.write_bytes(done.stdout)
            raise NotStarted("initdb", self.log)


class ServerProcess(Part):
    """One process of the application, as `deploy/serve.sh` starts it. `kind`: uvicorn or daphne."""

    def __init__(self, name: str, folder: Path, *, port: int, kind: str, env: Mapping[str, str]) -> None:
        super().__init__(name, folder)
        self.port, self.kind = port, kind
        self.url, self.ws_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
        self.env = {**env, "HOST": "127.0.0.1", "PORT": str(port), "SERVER": kind}

    def begin(self) -> None:
        self._spawn([str(ROOT / "deploy" / "serve.sh")], env=self.env)

    def answers(self) -> bool:
        return status_of(f"{self.url}/readyz") == 200


class Command(Part):
    """A program that runs for as long as the others do, such as the worker."""

    patience_s = 90.0  # the worker ends what it is at

    def __init__(self, name: str, folder: Path, command: Sequence[str], *, env: Mapping[str, str]) -> None:
        super().__init__(name, folder)
        self.command, self.env = command, env

    def begin(self) -> None:
        self._spawn(self.command, env=self.env)


class Nginx(Part):
    """nginx with the files of `deploy/nginx` and a head of its own, which says where things are on this machine."""

    stops_by = signal.SIGQUIT  # finish what is under way

    def __init__(
        self, folder: Path, *, port: int, ports: Sequence[int], static: Path, media: Path, host: str = "127.0.0.1"
    ) -> None:
        super().__init__("nginx", folder)
        self.port, self.ports, self.static, self.media, self.host = port, ports, static, media, host
        self.url = f"http://{host}:{port}"

    @property
    def config(self) -> Path:
        return self.folder / "nginx.conf"

    def write_config(self) -> None:
        (self.folder / "temp").mkdir(exist_ok=True)
        shared = self.folder / "coscribe"  # what the files include each other by
        if not shared.is_symlink():
            shared.symlink_to(ROOT / "deploy" / "nginx")
        servers = "\n".join(f"        server 127.0.0.1:{port} max_fails=0;" for port in self.ports)
        temp = "\n".join(
            f"    {kind}_temp_path {self.folder}/temp/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.config.write_text(
            f"""# Made by deploy/parts.py.
daemon off;
pid {self.folder}/nginx.pid;
error_log stderr warn;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 2;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
{temp}
    access_log off;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    include coscribe/http.conf;
    upstream coscribe {{
        hash $coscribe_hash consistent;
{servers}
    }}
    server {{
        listen {self.host}:{self.port};
        set $coscribe_static {self.static};
        set $coscribe_media {self.media};
        set $coscribe_hsts "";
        include coscribe/site.conf;
    }}
}}
"""
        )

    def begin(self) -> None:
        self.write_config()
        self._spawn([*self.program(), "-c", str(self.config)])

    def program(self) -> list[str]:
        """nginx, with its messages on stderr from the first on: the place that is built in may be root's."""
        return [find_program("nginx", package="nginx"), "-p", str(self.folder), "-e", "stderr"]

    def answers(self) -> bool:
        return listens(self.port, host=self.host)


def _children_of(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(child) for child in found.split()]


def write_privately(path: Path, text: str) -> None:
    """A file that only its owner may read, from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def find_program(name: str, *, package: str) -> str:
    """Its path; servers are in sbin, where only root looks. Raises `NotInstalled`."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
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


def free_port() -> int:
    """A port on the loopback that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def listens(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether somebody does, on this port."""
    with socket.socket() as found:
        found.settimeout(1)
        return found.connect_ex((host, port)) == 0


def status_of(url: str) -> int | None:
    """What a web server answers; None when it does not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


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
