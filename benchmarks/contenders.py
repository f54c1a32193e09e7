"""What is measured: a server that is started, killed and started again, and seats at its documents.

Each is in its fair default production set-up (docs/benchmarks/README.md). What belongs to a server, its database and
its Redis too, runs on the same core.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from deploy.parts import NotInstalled, free_port, status_of
from tests.servers import Server

from .pinning import SERVER_CORE, pinned

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one client connects to one document, and how it speaks (`load/dialects.mjs`)."""

    port: int
    path: str
    document: str
    dialect: str
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"

    def taken(self, *, typist: bool = False, sampled: bool = False) -> dict[str, Any]:
        """The seat for an order of the generator."""
        return {**asdict(self), "typist": typist, "sampled": sampled}


class Contender(Protocol):
    """A server under measurement. `acknowledges` says what tells an author that an edit is safe: a message of its own
    ("message"), the echo of the edit ("echo"), or nothing ("")."""

    name: str
    acknowledges: str
    stored_after_s: float  # silence after which everything that was typed should be on the disk
    fills_as_one: bool  # a long history is stored as one update, because the server loses it otherwise

    def documents(self, count: int, people: int) -> list[list[Seat]]:
        """New documents, each with seats for so many people who may all edit it."""

    @property
    def pids(self) -> list[int]:
        """The processes that are its cost; their children count too."""

    @property
    def running(self) -> bool:
        """Whether no process of it has ended."""

    @property
    def server_pid(self) -> int:
        """The process that `kill -9` is sent to."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def reap(self) -> None:
        """See to what is left of a process that was killed."""

    def remove(self) -> None:
        """End it and delete all that is its own."""


class Peer(Server):
    """A server of somebody else's, with a folder for its data and no questions asked at the door."""

    acknowledges = ""
    stored_after_s = 2.0
    fills_as_one = False

    def __init__(self, name: str, command: list[str], *, dialect: str = "y") -> None:
        super().__init__(name)
        self.port = free_port()
        self.dialect = dialect
        self.command = command
        self._made = 0
        self.start()

    def begin(self) -> None:
        self._spawn(pinned([*self.command, str(self.port), str(self.folder)], SERVER_CORE))

    def answers(self) -> bool:
        return status_of(f"http://127.0.0.1:{self.port}/") is not None

    def documents(self, count: int, people: int) -> list[list[Seat]]:
        made = range(self._made, self._made + count)
        self._made += count
        headers = {"Origin": f"http://127.0.0.1:{self.port}"}
        seats = [Seat(self.port, f"/minutes-{n}", f"minutes-{n}", self.dialect, headers) for n in made]
        return [[seat] * people for seat in seats]

    @property
    def pids(self) -> list[int]:
        return [self.pid]

    @property
    def server_pid(self) -> int:
        return self.pid

    def reap(self) -> None:
        self.kill9()


class Hocuspocus(Peer):
    """@hocuspocus/server: says that an edit is saved when it has applied it, and stores it 2 to 10 s later."""

    acknowledges = "message"
    stored_after_s = 12.0

    def __init__(self) -> None:
        super().__init__("hocuspocus", node("hocuspocus.mjs"), dialect="hocuspocus")


class YWebsocket(Peer):
    """@y/websocket-server with LevelDB, into which every update goes by itself."""

    stored_after_s = 15.0

    def __init__(self) -> None:
        super().__init__("y-websocket", node("y-websocket.mjs"))


class PycrdtWebsocket(Peer):
    """pycrdt-websocket with its SQLite store, under uvicorn."""

    stored_after_s = 3.0
    fills_as_one = True

    def __init__(self) -> None:
        python = PEERS / ".venv" / "bin" / "python"
        if not python.exists():
            raise NotInstalled(str(python), "the dependency group `bench` (make benchmarks/peers/.venv/.ready)")
        super().__init__("pycrdt-websocket", [str(python), str(PEERS / "pycrdt_server.py")])


def node(script: str) -> list[str]:
    if not (PEERS / "node_modules").exists():
        raise NotInstalled("node_modules", "the lock file of benchmarks/peers (make bench installs it)")
    return ["node", str(PEERS / script)]
