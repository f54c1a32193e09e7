"""Sockets that are opened in every wrong way."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from collab.core.messages import SUBPROTOCOL
from tests.seed import run
from tests.servers import AppServer

from .arena import PATIENCE_S, Arena

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def answer(
    app: AppServer, path: str, *, cookie: str | None, protocols: tuple[str, ...] = (), **headers: str
) -> int:
    """The HTTP status of a refused handshake, the close code of an accepted one, or 0 when it stays open."""
    sent = {**headers, **({} if cookie is None else {"Cookie": cookie})}
    options: dict[str, Any] = {"compression": None, "proxy": None, "open_timeout": PATIENCE_S}
    wanted = [Subprotocol(each) for each in protocols] or None
    try:
        async with connect(app.ws_url + path, additional_headers=sent, subprotocols=wanted, **options) as socket:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await socket.recv()
            except ConnectionClosed:
                return socket.close_code or 1006
            return 0
    except InvalidHandshake as refused:
        return int(refused.response.status_code) if hasattr(refused, "response") else 400


COOKIES = {
    "none": None,
    "empty": "",
    "an empty session": "sessionid=",
    "somebody's guess": "sessionid=abcdefghijklmnopqrstuvwxyz012345",
    "no cookie at all": ";;;===;",
    "quotes": 'sessionid="\\012\\000"',
    "a zero byte": 'sessionid="\\000abc"',
    "4 KB": "sessionid=" + "x" * 4_000,
    "other cookies": "a=b; c=d",
    "bytes over 127": "sessionid=\u00e9\u00ff",
}


@pytest.mark.parametrize("cookie", COOKIES)
async def test_who_is_not_signed_in_is_refused(arena: Arena, cookie: str) -> None:
    async with arena.attacked() as scene:
        path = f"/ws/documents/{scene.document}/"
        assert await answer(arena.app, path, cookie=COOKIES[cookie]) == 403
        assert await answer(arena.app, path, cookie=COOKIES[cookie], protocols=(SUBPROTOCOL,)) == 4401


async def test_an_expired_session_is_refused(arena: Arena) -> None:
    session = run(
        """
gone = SessionStore(person("mallory")["session"])
gone.set_expiry(timezone.now() - timedelta(hours=1))
gone.save()
result = gone.session_key
""",
        database_url=arena.database_url,
    )
    async with arena.attacked() as scene:
        path = f"/ws/documents/{scene.document}/"
        assert await answer(arena.app, path, cookie=f"sessionid={session}", protocols=(SUBPROTOCOL,)) == 4401


@pytest.mark.parametrize(
    "path",
    [
        "/", "/ws/", "/ws/documents/", "/ws/documents/x/", "/ws/documents/12345/", "/ws/documents/../",
        f"/ws/documents/{UNKNOWN}", f"/ws/documents/{UNKNOWN}/x", "/ws/documents/%00/",
        "/ws/documents/" + "a" * 4_000 + "/", f"/WS/documents/{UNKNOWN}/",
    ],
)  # fmt: skip
async def test_a_path_that_is_no_documents_is_refused(arena: Arena, path: str) -> None:
    async with arena.attacked():
        session = f"sessionid={arena.people['mallory']['session']}"
        for protocols in ((), (SUBPROTOCOL,)):
            assert await answer(arena.app, path, cookie=session, protocols=protocols) in (400, 403, 404)


async def test_a_document_of_somebody_else_looks_like_none(arena: Arena) -> None:
    made = run(
        'person("stranger"); result = [str(Document.objects.create_for(owner=user("stranger"), title="diary").pk)]',
        database_url=arena.database_url,
    )
    session = f"sessionid={arena.people['mallory']['session']}"
    async with arena.attacked():
        for document in (*made, UNKNOWN):
            path = f"/ws/documents/{document}/"
            assert await answer(arena.app, path, cookie=session) == 403
            assert await answer(arena.app, path, cookie=session, protocols=(SUBPROTOCOL,)) == 4403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "file://", "http://127.0.0.1.evil.example", "x" * 2_000, ""],
)
async def test_a_page_from_elsewhere_is_refused(arena: Arena, origin: str) -> None:
    async with arena.attacked() as scene:
        session = f"sessionid={arena.people['ada']['session']}"
        for protocols in ((), (SUBPROTOCOL,)):
            path = f"/ws/documents/{scene.document}/"
            assert await answer(arena.app, path, cookie=session, protocols=protocols, Origin=origin) in (400, 403)


@pytest.mark.parametrize(
    "protocols", [("unknown",), ("a", "b", SUBPROTOCOL), tuple(f"p{n}" for n in range(300)), ("coscribe.v2",)], ids=len
)
async def test_subprotocols_we_do_not_know_are_passed_over(arena: Arena, protocols: tuple[str, ...]) -> None:
    async with arena.attacked() as scene:
        session = f"sessionid={arena.people['mallory']['session']}"
        answered = await answer(arena.app, f"/ws/documents/{scene.document}/", cookie=session, protocols=protocols)
        assert answered in ((0,) if len(protocols) < 100 else (0, 400, 431))


async def test_one_person_opens_no_more_sockets_than_allowed(arena: Arena) -> None:
    # All at once: the place must be counted when it is taken, and not when it is asked for.
    async with arena.attacked() as scene:
        crowd = [arena.scribe("mallory", scene.document) for _ in range(60)]
        await asyncio.gather(*(each.join() for each in crowd), return_exceptions=True)
        held = [each for each in crowd if each.synced and each.closed is None]
        refused = {each.closed[0] for each in crowd if each.closed is not None}
        await asyncio.gather(*(each.close() for each in crowd), return_exceptions=True)
        assert (len(held), refused) == (20, {arena.seen(1013)})
        again = await scene.mallory()  # and the places are free again
        await again.close()


async def test_a_handshake_that_is_never_finished_harms_nobody(arena: Arena) -> None:
    async with arena.attacked():
        writers = []
        for _ in range(50):
            _, writer = await asyncio.open_connection("127.0.0.1", arena.app.port)
            writer.write(b"GET /ws/documents/x/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConn")
            writers.append(writer)
        for writer in writers:
            writer.close()


async def test_a_socket_that_dies_within_a_frame_harms_nobody(arena: Arena) -> None:
    async with arena.attacked() as scene:
        for _ in range(20):
            mallory = arena.scribe("mallory", scene.document)
            await mallory.open()
            mallory.cut()
