"""Those who want to stand in the way: slow requests, storms, compressed and oversize things, invented addresses."""

import asyncio
import contextlib
import shutil
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from collab.core.messages import SUBPROTOCOL
from project.bodies import OTHER_BYTES
from project.doorstep import BURST_S, MAX_ADDRESSES, Doorstep
from tests.seed import scene
from tests.servers import AppServer

from .asking import ask
from .conftest import Site
from .hurried import Hurried
from .test_nginx import guess

SERVERS = pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
PATIENCE_S = 30.0
SLOW = 200  # people who do not finish what they say


# -- Slow requests -----------------------------------------------------------------------------------------------------

HEAD = b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = (
    b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nusername="
)


@contextlib.contextmanager
def begun(port: int, beginning: bytes, *, count: int = SLOW) -> Iterator[list[socket.socket]]:
    """Connections on which a request was begun."""
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(count)]
        for wire in wires:
            wire.sendall(beginning)
        yield wires


@pytest.fixture(scope="module")
def people() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="module")
def impatient(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, people: dict[str, Any]
) -> Iterator[AppServer]:
    """A process without a proxy, which takes silence for an end soon."""
    url = f"sqlite:///{shutil.copy(migrated_file, tmp_path_factory.mktemp('impatient') / 'db.sqlite3')}"
    people |= scene(owner="ada", shared={}, database_url=url)
    env = {"SIGN_IN_FAILURES": "3", "COLLAB_SILENCE_LIMIT_MS": "1500", "COLLAB_HEARTBEAT_INTERVAL_MS": "500"}
    with AppServer("uvicorn", database_url=url, env=env) as app:
        yield app


@pytest.fixture(scope="module")
def hurried(site: Site) -> Iterator[Hurried]:
    """nginx before the same processes, a tenth as patient."""
    nginx = Hurried(site.cluster)
    nginx.start()
    yield nginx
    nginx.stop()
    nginx.remove()


@pytest.mark.parametrize("beginning", [HEAD, BODY], ids=["head", "body"])
def test_nginx_waits_for_nobody_for_long_and_the_application_does_not_hear_of_them(
    site: Site, hurried: Hurried, beginning: bytes
) -> None:
    with begun(hurried.port, beginning) as wires:
        assert connections_of(site.cluster.servers[0].pid) + connections_of(site.cluster.servers[1].pid) < SLOW / 2
        assert ask(hurried.port, "GET", "/sign-in/").status == 200
        for wire in wires:
            assert ended(wire)


def test_who_sends_a_byte_a_while_has_to_end_too(hurried: Hurried) -> None:
    """A request's head as a whole is bounded, not the pauses within it."""
    with begun(hurried.port, HEAD, count=1) as (wire,):
        until = time.monotonic() + 20
        try:
            while time.monotonic() < until:
                wire.sendall(b"x")
                time.sleep(0.2)
        except OSError:
            return
    pytest.fail("the head of a request may take for ever")


@SERVERS
@pytest.mark.parametrize("beginning", [HEAD, BODY], ids=["head", "body"])
def test_straight_at_a_process_they_cost_their_connections_only(
    site: Site, kind: Literal["daphne", "uvicorn"], beginning: bytes
) -> None:
    """Nobody else waits. They may stay, so what the world reaches is nginx (docs/SECURITY.md)."""
    server = next(each for each in site.cluster.servers if each.kind == kind)
    with begun(server.port, beginning):
        begin = time.monotonic()
        assert ask(server.port, "GET", "/sign-in/").status == 200
        assert time.monotonic() - begin < 5


async def test_a_socket_that_never_ends_its_message_is_closed(impatient: AppServer, people: dict[str, Any]) -> None:
    """A byte a while of a frame that announces 16 MiB: only whole messages are a sign of life. (Stock clients say
    nothing for long; of them the server program wants pongs, which are not to be sent in the middle of a frame.)
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.port)
    writer.write(
        f"GET /ws/documents/{people['documents'][0]}/ HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
        f"Cookie: sessionid={people['people']['ada']['session']}\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readline()
    writer.write(b"\x82\xff" + (16 << 20).to_bytes(8) + b"\0\0\0\0")  # a binary frame of 16 MiB, masked with zeros

    async def trickle() -> None:
        while True:
            writer.write(b"\0")
            await writer.drain()
            await asyncio.sleep(0.1)

    slow = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionError):
                while await reader.read(4096):
                    pass
    finally:
        slow.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await slow
        writer.close()


def ended(wire: socket.socket) -> bool:
    """Waits until the other side has closed."""
    try:
        while wire.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def connections_of(pid: int) -> int:
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found += "socket:" in str(link.readlink())
    return found


# -- Storms ------------------------------------------------------------------------------------------------------------


ACCEPT = {"type": "websocket.accept"}


class Wrong:
    """An application that refuses every handshake, and counts them."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.asked = 0
        self.messages = messages or ({"type": "websocket.close", "code": 4401},)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        for message in self.messages:
            await send(message)


async def knock(door: Doorstep, *, address: str = "203.0.113.7", cookie: str = "", times: int = 1) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        pass

    for _ in range(times):
        scope = {"type": "websocket", "headers": [(b"cookie", cookie.encode())], "client": (address, 1)}
        await door(scope, receive, send)


async def test_after_a_burst_of_failures_an_address_waits(settings: Any) -> None:
    settings.COLLAB = settings.COLLAB | {"REFUSALS_PER_SECOND": 20}
    now = 100.0
    wrong = Wrong()
    door = Doorstep(wrong, clock=lambda: now)
    await knock(door, times=1_000)
    burst = 20 * BURST_S + 1
    assert wrong.asked == burst
    await knock(door, address="198.51.100.1")
    assert wrong.asked == burst + 1  # others do not
    now += 1
    await knock(door, times=100)
    assert burst + 20 <= wrong.asked <= burst + 23
    now += 1_000
    await knock(door, times=10)
    assert wrong.asked >= burst + 30


@pytest.mark.parametrize(
    "messages",
    [
        [ACCEPT, {"type": "websocket.send", "bytes": b""}, {"type": "websocket.close", "code": 4403}],
        [{"type": "websocket.close", "code": 4508}],  # the database is down: everybody comes back
        [ACCEPT, {"type": "websocket.close", "code": 1012}],
        [ACCEPT],
    ],
    ids=["was in", "database down", "restart", "left by themselves"],
)
async def test_who_was_in_or_shall_come_back_is_not_counted(settings: Any, messages: list[dict[str, Any]]) -> None:
    settings.COLLAB = settings.COLLAB | {"REFUSALS_PER_SECOND": 1}
    right = Wrong(*messages)
    await knock(Doorstep(right, clock=lambda: 0.0), times=100)
    assert right.asked == 100


async def test_who_was_let_in_gets_in_again_whatever_others_at_that_address_do(settings: Any) -> None:
    settings.COLLAB = settings.COLLAB | {"REFUSALS_PER_SECOND": 1}
    app = Wrong({"type": "websocket.accept"}, {"type": "websocket.send", "bytes": b""})
    door = Doorstep(app, clock=lambda: 0.0)
    await knock(door, cookie="sessionid=ada")
    app.messages = ({"type": "websocket.close", "code": 4401},)
    await knock(door, cookie="sessionid=guess", times=100)
    refused = app.asked
    await knock(door, cookie="sessionid=bob")
    assert app.asked == refused
    await knock(door, cookie="sessionid=ada")
    assert app.asked == refused + 1
    await knock(door, cookie="sessionid=ada")  # it was good no more: not a way around
    assert app.asked == refused + 1


async def test_nothing_at_all_is_known_to_nobody(settings: Any) -> None:
    """A client that shows its token later (Hocuspocus') is told something before it is let in."""
    settings.COLLAB = settings.COLLAB | {"REFUSALS_PER_SECOND": 1}
    app = Wrong(ACCEPT, {"type": "websocket.send", "bytes": b""})
    door = Doorstep(app, clock=lambda: 0.0)
    await knock(door)
    app.messages = ({"type": "websocket.close", "code": 4401},)
    await knock(door, times=100)
    assert app.asked == 1 + BURST_S + 1


async def test_of_ipv6_a_whole_network_is_one_address(settings: Any) -> None:
    settings.COLLAB = settings.COLLAB | {"REFUSALS_PER_SECOND": 1}
    wrong = Wrong()
    door = Doorstep(wrong, clock=lambda: 0.0)
    for n in range(100):
        await knock(door, address=f"2001:db8::{n:x}")
    assert wrong.asked == BURST_S + 1


async def test_addresses_are_forgotten_in_time() -> None:
    wrong = Wrong()
    door = Doorstep(wrong, clock=lambda: 0.0)
    for n in range(MAX_ADDRESSES + 500):
        await knock(door, address=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(door._free_at) == MAX_ADDRESSES


async def test_a_storm_of_strangers_leaves_the_people_alone(site: Site) -> None:
    """1,000 handshakes with a wrong cookie through nginx, 100 at a time; ada's edits are saved meanwhile."""
    document = site.document()
    ada = await site.scribe("ada", document).join()
    url = f"{site.cluster.ws_url}/ws/documents/{document}/"
    turnstile = asyncio.Semaphore(100)
    statuses: list[int] = []
    options: dict[str, Any] = {
        "additional_headers": {"Cookie": "sessionid=" + "x" * 32},
        "proxy": None,
        "open_timeout": PATIENCE_S,
        "local_addr": ("127.0.0.9", 0),  # an address of their own, or other tests would share their fate
    }

    async def stranger() -> None:
        async with turnstile:
            try:
                async with connect(url, **options):
                    statuses.append(101)
            except InvalidStatus as refused:
                statuses.append(refused.response.status_code)

    storm = asyncio.gather(*(stranger() for _ in range(1_000)))
    waits_s = []
    while not storm.done():
        begin = time.monotonic()
        await ada.type("x")
        await ada.saved()
        waits_s.append(time.monotonic() - begin)
        await asyncio.sleep(0.05)
    await storm
    assert ada.closed is None
    await ada.close()
    assert set(statuses) <= {403, 429}
    assert statistics.median(waits_s) < 2, waits_s
    assert max(waits_s) < 5


# -- Compressed and oversize -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1])
async def test_nobody_is_offered_compression(site: Site, place: int) -> None:
    """So there is no frame of a few bytes that becomes many (websockets asks for permessage-deflate by itself)."""
    server = site.cluster.servers[place]
    headers = {"Cookie": site.cookie("ada")}
    url = f"{server.ws_url}/ws/documents/{site.document()}/"
    async with connect(url, additional_headers=headers, proxy=None, compression="deflate") as ws:
        assert ws.response is not None
        assert "Sec-WebSocket-Extensions" not in ws.response.headers
        deflated = b"\xc2\x80\0\0\0\0"  # a frame that says that it is compressed
        ws.transport.write(deflated)
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await ws.recv()


async def test_a_message_over_the_limit_ends_its_own_socket_only(site: Site) -> None:
    document = site.document()
    ada, bob = await site.scribe("ada", document).join(), await site.scribe("bob", document).join()
    await bob.send(b"\0" * (16 * 1024 * 1024 + 1))
    await bob.until(lambda: bob.closed is not None)
    await ada.type("still here")
    await ada.saved()
    assert ada.closed is None
    await ada.close()


@pytest.mark.parametrize(
    "path",
    ["/" + "x" * 100_000, "/sign-in/?" + "x=1&" * 30_000],
    ids=["path", "query"],
)
def test_an_address_that_is_too_long_is_refused_by_nginx(site: Site, path: str) -> None:
    assert ask(site.cluster.nginx.port, "GET", path).status == 414


def test_a_head_that_is_too_large_is_refused_by_nginx(site: Site) -> None:
    assert ask(site.cluster.nginx.port, "GET", "/sign-in/", cookie="x=" + "y" * 100_000).status == 400


def test_a_body_that_never_says_how_long_it_is_is_bounded_too(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.cluster.nginx.port), timeout=20) as wire:
        wire.sendall(b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"\0" * (1 << 20)
        with contextlib.suppress(OSError):
            for _ in range(OTHER_BYTES // len(piece) + 2):
                wire.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        assert wire.recv(4096).startswith(b"HTTP/1.1 413 ")


# -- Invented addresses ------------------------------------------------------------------------------------------------


def test_without_a_proxy_nobody_is_believed_to_be_elsewhere(impatient: AppServer) -> None:
    """Not by our own code, and not by the server's either (uvicorn would believe whoever comes from this machine)."""
    statuses = [guess(impatient.port, x_forwarded_for=f"203.0.113.{n}").status for n in range(4)]
    assert statuses[3] == 429
