"""What sockets say to everybody there is: at the door, and to every message. A message that is not in the table fails.

vie, com, edi, own  has that role by name          gvi, ged  a guest by a link for viewers, for editors
rea  the owner's token that only reads             wri  the owner's token that writes
"""

import asyncio
import json
from typing import Any

from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from collab.core import messages
from collab.core.lib0 import read_var_string, read_var_uint, var_bytes, var_uint
from collab.core.messages import SUBPROTOCOL, Sync, Type

from .conftest import StartApp
from .seed import run

PATIENCE_S = 20.0

# who -> what the handshake, or the close right after it, says: a close code, or the role in HELLO
DOORS = {
    "nobody": 4401,
    "a stranger": 4403,
    "a viewer": "viewer",
    "a commenter": "commenter",
    "an editor": "editor",
    "an owner": "owner",
    "an account by a link": "viewer",
    "a guest by a link": "viewer",
    "a guest by a link that was rotated": 4403,
    "a guest by a link that is over": 4403,
    "a token that writes": "owner",
    "a token that reads": "viewer",
    "a token that expired": 4401,
    "a token that nobody has": 4401,
    "somebody deactivated": 4401,
}
# message -> role -> the answer: the type of a message, a close code; -: it is taken in silence, or told to others
TABLE = """
                vie      com      edi      own      gvi      ged      rea      wri
SYNC/STEP1      STATE    STATE    STATE    STATE    STATE    STATE    STATE    STATE
SYNC/STEP2      4400     4400     4400     4400     4400     4400     4400     4400
SYNC/UPDATE     4400     4400     4400     4400     4400     4400     4400     4400
AWARENESS       -        -        -        -        -        -        -        -
QUERY_AWARENESS -        -        -        -        -        -        -        -
PUSH            REFUSED  REFUSED  ACK      ACK      REFUSED  ACK      REFUSED  ACK
WHOLE           REFUSED  REFUSED  ACK      ACK      REFUSED  ACK      REFUSED  ACK
PING            PONG     PONG     PONG     PONG     PONG     PONG     PONG     PONG
PONG            -        -        -        -        -        -        -        -
AUTH            4400     4400     4400     4400     4400     4400     4400     4400
HELLO           4400     4400     4400     4400     4400     4400     4400     4400
STATE           4400     4400     4400     4400     4400     4400     4400     4400
DELTA           4400     4400     4400     4400     4400     4400     4400     4400
ACK             4400     4400     4400     4400     4400     4400     4400     4400
REFUSED         4400     4400     4400     4400     4400     4400     4400     4400
ACCESS          4400     4400     4400     4400     4400     4400     4400     4400
TITLE           4400     4400     4400     4400     4400     4400     4400     4400
NOTICES         4400     4400     4400     4400     4400     4400     4400     4400
RECEIPT         4400     4400     4400     4400     4400     4400     4400     4400
WATCH           4400     4400     4400     4400     4400     4400     4400     4400
LINES           4400     4400     4400     4400     4400     4400     4400     4400
APPEARED        4400     4400     4400     4400     4400     4400     4400     4400
STALE           4400     4400     4400     4400     4400     4400     4400     4400
"""
ROLES = {
    "vie": "a viewer", "com": "a commenter", "edi": "an editor", "own": "an owner", "gvi": "a guest by a link",
    "ged": "a guest by a link for editors", "rea": "a token that reads", "wri": "a token that writes",
}  # fmt: skip
ANSWERS = {
    "SYNC/STEP1": {Type.STATE},
    "PUSH": {Type.ACK, Type.REFUSED},
    "WHOLE": {Type.ACK, Type.REFUSED},
    "PING": {Type.PONG},
}
SCENE = """
from permissions import guests
def document(title, role=None, **options):
    made = Document.objects.create_for(owner=user("ada"), title=title)
    if role is not None:
        links.set_link(by=user("ada"), obj=made, role=role, **options)
    return made
def guest(of):
    return person(guests.welcome(obj=of, name="Quiet Heron").username)["session"]
for name in ("ada", "vera", "carl", "eddy", "stan", "dora"):
    person(name)
named, linked = document("named"), document("linked", Role.VIEWER)
open_, rotated, over = document("open", Role.EDITOR), document("rotated", Role.EDITOR), document("over", Role.EDITOR)
for name, role in {"vera": Role.VIEWER, "carl": Role.COMMENTER, "eddy": Role.EDITOR, "dora": Role.EDITOR}.items():
    sharing.grant(by=user("ada"), obj=named, to=user(name), role=role)
keys = {name: person(name)["session"] for name in ("ada", "vera", "carl", "eddy", "stan", "dora")}
visitors = {
    "nobody": (named, "", ""),
    "a stranger": (named, keys["stan"], ""),
    "a viewer": (named, keys["vera"], ""),
    "a commenter": (named, keys["carl"], ""),
    "an editor": (named, keys["eddy"], ""),
    "an owner": (named, keys["ada"], ""),
    "an account by a link": (linked, keys["stan"], ""),
    "a guest by a link": (linked, guest(linked), ""),
    "a guest by a link for editors": (open_, guest(open_), ""),
    "a guest by a link that was rotated": (rotated, guest(rotated), ""),
    "a guest by a link that is over": (over, guest(over), ""),
    "a token that writes": (named, "", token("ada")),
    "a token that reads": (named, "", token("ada", "read")),
    "a token that expired": (named, "", token("ada", seconds=-1)),
    "a token that nobody has": (named, "", "coscribe_" + "0" * 36),
    "somebody deactivated": (named, keys["dora"], ""),
}
links.set_link(by=user("ada"), obj=rotated, role=Role.EDITOR, rotate=True)
Document.objects.filter(pk=over.pk).update(link_expires_at=timezone.now())
User.objects.filter(username="dora").update(is_active=False)
result = {who: [str(document.pk), session, secret] for who, (document, session, secret) in visitors.items()}
"""


def words() -> bytes:
    """An update that a new document takes."""
    doc: Doc[Any] = Doc()
    doc.get("text", type=Text).insert(0, "words")
    return doc.get_update()


def frames() -> dict[str, bytes]:
    """One of each message, as a client of coscribe.v1 would send it."""
    update = words()
    awareness = messages.encode_awareness([messages.encode_awareness_entry(7, 1, b'{"cursor": null}')])
    nothing = b"\x02{}"
    sent = {
        "SYNC/STEP1": messages.encode_step1(b"\x00"),
        "SYNC/STEP2": messages.encode_step2(update),
        "SYNC/UPDATE": messages.encode_update(update),
        "AWARENESS": awareness,
        "QUERY_AWARENESS": bytes((Type.QUERY_AWARENESS,)),
        "PUSH": bytes((Type.PUSH,)) + var_uint(1) + var_bytes(update),
        "WHOLE": bytes((Type.WHOLE,)) + var_uint(1) + var_bytes(update),
        "PING": messages.encode_ping(1),
        "PONG": messages.encode_pong(1),
    }
    answers = {kind.name: bytes((kind,)) + nothing for kind in Type if kind.name not in {*sent, "SYNC"}}
    return sent | answers


def read_table() -> dict[str, dict[str, str]]:
    head, *lines = (line for line in TABLE.splitlines() if line.strip())
    rows = (line.split() for line in lines)
    return {name: dict(zip(head.split(), answers, strict=True)) for name, *answers in rows}


async def enter(url: str, document: str, session: str, token: str) -> tuple[ClientConnection, int | str]:
    """A socket (of a home page, where there is no document), and what its door says."""
    headers = {"Cookie": f"sessionid={session}"} if session else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    path = f"documents/{document}" if document else "home"
    subprotocols = [Subprotocol(SUBPROTOCOL)]
    socket = await connect(f"{url}/ws/{path}/", subprotocols=subprotocols, additional_headers=headers, proxy=None)
    try:
        hello = await asyncio.wait_for(socket.recv(), PATIENCE_S)
    except ConnectionClosed:
        return socket, socket.close_code or 0
    assert isinstance(hello, bytes)
    if not document:
        return socket, Type(hello[0]).name
    assert hello[0] == Type.HELLO
    role: str = json.loads(read_var_string(hello, 1)[0])["role"]
    return socket, role


async def answer_to(socket: ClientConnection, name: str, frame: bytes) -> str:
    """The answer to a message: what comes of it before the PONG to a PING of ours; for an edit, what is said of it."""
    await socket.send(frame)
    await socket.send(messages.encode_ping(99))
    awaited = ANSWERS.get(name, set())
    heard: list[str] = []
    ponged = False
    try:
        while not (ponged and (not awaited or heard)):
            reply = await asyncio.wait_for(socket.recv(), PATIENCE_S)
            assert isinstance(reply, bytes)
            kind = Type(read_var_uint(reply, 0)[0])
            if kind is Type.PONG and read_var_uint(reply, 1)[0] == 99:
                ponged = True
            elif kind in awaited:
                heard.append(kind.name)
    except ConnectionClosed:
        return str(socket.close_code)
    return "+".join(heard) or "-"


async def test_doors_and_messages(sqlite_url: str, start_app: StartApp) -> None:
    visitors = run(SCENE, database_url=sqlite_url)
    url = start_app("uvicorn", database_url=sqlite_url).ws_url
    doors = {}
    for who, place in visitors.items():
        socket, doors[who] = await enter(url, *place)
        await socket.close()
    assert doors.pop("a guest by a link for editors") == "editor"
    assert doors == DOORS
    for who, (_document, session, token) in visitors.items():
        socket, said = await enter(url, "", session, token)
        await socket.close()
        closed = 4403 if "guest" in who else DOORS[who]
        assert said == (closed if closed in (4401, 4403) and who != "a stranger" else "NOTICES"), who

    answers: dict[str, dict[str, str]] = {}
    for name, frame in frames().items():
        for role, who in ROLES.items():
            socket, _door = await enter(url, *visitors[who])
            answers.setdefault(name, {})[role] = await answer_to(socket, name, frame)
            await socket.close()
    assert answers == read_table()


def test_every_message_is_in_the_table() -> None:
    kinds = {name.partition("/")[0] for name in read_table()}
    assert kinds == {kind.name for kind in Type}
    assert {name.partition("/")[2] for name in read_table() if "/" in name} == {step.name for step in Sync}
