"""`Part`: one document of a Hocuspocus socket, from the first frame that names it until it is over."""

import asyncio
import logging
import secrets
import uuid
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .admission import Denied, Secret, Shown
from .consumers import enter, pass_on
from .core.connection import Dialect
from .core.errors import TooBig
from .core.hocuspocus import encode_authenticated, encode_close, encode_denied, named
from .core.replica import is_error
from .live import CLOSE_PATIENCE_S, LiveRoom, Member
from .store import DATABASE_DOWN

if TYPE_CHECKING:
    from .hocuspocus import Socket

logger = logging.getLogger(__name__)

FINAL = frozenset({1009, 4400, 4401, 4403, 4404, 4409})  # close codes after which nobody need come back
MAX_HELD_FRAMES = 1_000  # of one document. This bound and the next are those of @hocuspocus/server
MAX_HELD_BYTES = 5 << 20  # of one socket
LATER_S = 2.0  # to twice that: what is down, or closed to an address, is not to be asked more often
LOOK_S = 1.0  # how often who waits for an inbox looks whether the document is over


class Part:
    """One document of a socket: held until it is known who asks, then a member of its room, and over in the end.

    What cannot be done at once is done by one task, in order: the newest token first, then the frames that wait. The
    socket goes on with its other documents meanwhile.
    """

    def __init__(self, socket: "Socket", name: str) -> None:
        self.socket = socket
        self._name = name
        self._live: LiveRoom | None = None
        self._member: Member | None = None
        self._ending: tuple[LiveRoom, Member] | None = None  # evicted, and still to be told
        self._shown: Shown | None = None  # the newest token that was not looked at
        self._held: deque[bytes] = deque()  # frames that came before they could be passed on
        self._shut = False  # nothing but another token is listened to
        self._outside = False  # waits until it may be asked who is there
        self._task: asyncio.Task[None] | None = None

    @property
    def entered(self) -> bool:
        """Whether it is open."""
        return self._member is not None

    @property
    def used(self) -> bool:
        """Whether it is open, or being opened."""
        return self.entered or (self._busy and not self._outside)

    @property
    def over(self) -> bool:
        """Whether it was ended, and nothing is left to be done about it."""
        return self._shut and not self._busy and self._ending is None

    def authenticate(self, token: str) -> None:
        """A token came; an empty one means the session of the handshake."""
        if self._member is not None and not token:
            can_edit = self._member.connection.can_edit
            self._member.outbox.put(encode_authenticated(can_edit=can_edit), droppable=False)
            return
        self._shut = False
        self._shown = Secret(token) if token else self.socket.shown
        self._wake()

    async def take(self, body: bytes) -> None:
        """A frame for the room. Version 2 of the provider sends no token where it has none: then this is the first."""
        if self._shut:
            return
        live, member = self._live, self._member
        if live is not None and member is not None and not self._busy and not live.room.full:
            await pass_on(live, member, body)
            return
        if len(self._held) < MAX_HELD_FRAMES and self.socket.held_bytes + len(body) <= MAX_HELD_BYTES:
            self._hold(body)
        elif member is not None:  # too much at once for this room: only now the whole socket waits
            while self._busy and self._member is member:
                await self._rest(LOOK_S)
            await self._pass_on(body, member)
        elif self._busy:
            await self.socket.close(4508, "the document cannot be opened just now")
        else:
            raise TooBig("bytes before a token", limit=MAX_HELD_BYTES, actual=self.socket.held_bytes + len(body))

    async def finish(self) -> None:
        """No more frames come: wait a while for those that the room has not taken yet."""
        if self._member is not None and self._busy:
            await self._rest(CLOSE_PATIENCE_S)

    def leave(self) -> asyncio.Task[None] | None:
        """The document is closed here. The task that is to be awaited, if there is one."""
        self._shut, self._shown = True, None
        self._drop_held()
        if self._task is not None:
            self._task.cancel()
        live, member, self._member = self._live, self._member, None
        if live is not None and member is not None:
            self.socket.hub.leave(live, member)
        self._let_go()
        return self._task

    async def send(self, message: dict[str, Any]) -> None:
        """The room's way to the socket: what its outbox takes for a socket of its own."""
        if message["type"] == "websocket.close":
            await self._end(message["code"], message["reason"])
        else:
            await self.socket.send({"type": "websocket.send", "bytes": named(self._name, message["bytes"])})

    @property
    def _busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def _hold(self, body: bytes) -> None:
        self.socket.held_bytes += len(body)
        self._held.append(body)
        if self._task is None and self._shown is None and self.socket.shown:
            self._shown = self.socket.shown
        self._wake()

    def _drop_held(self) -> None:
        self.socket.held_bytes -= sum(map(len, self._held))
        self._held.clear()

    def _wake(self) -> None:
        if not self._busy and (self._shown is not None or self._member is not None):
            self._task = self.socket.hub.loop.create_task(self._run())

    async def _rest(self, patience_s: float) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience_s)

    async def _run(self) -> None:
        try:
            while not self.socket.closed:
                if self._shown is not None and self._ending is None:
                    shown, self._shown = self._shown, None
                    await self._show(shown)
                elif self._held and self._member is not None:
                    body = self._held.popleft()
                    self.socket.held_bytes -= len(body)
                    await self._pass_on(body, self._member)
                else:
                    return
        except BaseException as error:
            if not is_error(error):
                raise
            logger.exception("a document of a socket cannot be opened")
            await self.socket.close(4508, "the document cannot be opened just now")

    async def _show(self, shown: Shown) -> None:
        """Enter with this; who is in stays in by it."""
        try:
            self._outside = True
            try:
                await self.socket.knock(shown)
            finally:
                self._outside = False
            if self._shown is None and self._member is None:
                await self._enter(shown)
            elif self._shown is None and self._member is not None:
                await self._renew(self._member, shown)
        except Denied as denied:
            self.socket.note(shown, denied)
            if self._shown is not None:  # another token came meanwhile: let it say
                return
            if denied.code == 4508:
                logger.warning("a document of a socket cannot be opened just now: it is asked for again")
                await asyncio.sleep(later_s())
                self._show_again(shown)
                return
            # "Too many" is final here: it would be too many again, and again.
            await self._end(4403 if denied.code == 1013 else denied.code, denied.reason)

    def _show_again(self, shown: Shown) -> None:
        if self._shown is None:
            self._shown = shown

    async def _enter(self, shown: Shown) -> None:
        hub, document = self.socket.hub, read_name(self._name)
        self._live, self._member = await enter(
            hub, document, shown, self.send, dialect=Dialect.HOCUSPOCUS, accept=_welcome
        )
        self._member.task = None  # ours may be about another entry when the room cancels what it evicted
        self.socket.note(shown, None)

    async def _renew(self, member: Member, shown: Shown) -> None:
        """Another token of somebody who is in: the one before it may end soon. Nobody becomes somebody else by one."""
        live, hub, user = self._live, self.socket.hub, member.connection.person.user
        assert live is not None, "nobody is a member of no room"
        try:
            epoch = hub.access_epoch
            admitted = await hub.entrance.admit(live.document, shown)
            while hub.changed_since(epoch, live.document, admitted.person.user):  # on the way: it may be revoked
                epoch = hub.access_epoch
                admitted = await hub.entrance.admit(live.document, shown)
        except Denied as denied:
            self.socket.note(shown, denied)
            live.carry_out(live.room.evict(member.connection, denied.code, denied.reason))
            return
        except DATABASE_DOWN as error:  # the token before it holds as long as it does
            logger.warning("document %s: a token cannot be read just now (%s)", live.document, type(error).__name__)
            return
        self.socket.note(shown, None)
        if admitted.person.user != user:
            live.carry_out(live.room.evict(member.connection, 4403, "a token of somebody else"))
            return
        await hub.renew(live, member, admitted.session)
        member.outbox.put(encode_authenticated(can_edit=member.connection.can_edit), droppable=False)

    async def _pass_on(self, body: bytes, member: Member) -> None:
        live = self._live
        assert live is not None, "nobody is a member of no room"
        while live.room.full and not live.closing and self._member is member:
            with suppress(TimeoutError):
                await asyncio.wait_for(live.space(), LOOK_S)
        if self._member is member:
            await pass_on(live, member, body)

    async def _end(self, code: int, reason: str) -> None:
        """Say that the document is over. All versions understand the first message, from 3 on also the second."""
        self._shut = self._shown is None
        self._drop_held()
        live, member, self._member = self._live, self._member, None
        if live is not None and member is not None:
            self._ending = live, member
        try:
            if code not in FINAL:
                await self.socket.close(code, reason)
                return
            for body in (encode_denied(reason), encode_close(reason)):
                await self.socket.send({"type": "websocket.send", "bytes": named(self._name, body)})
        finally:
            self.socket.hub.loop.call_soon(self._let_go)  # not now: the room is in the middle of it

    def _let_go(self) -> None:
        ending, self._ending = self._ending, None
        if ending is not None:
            self.socket.hub.leave(*ending)
            self._wake()


def read_name(name: str) -> uuid.UUID:
    """The document of a name: its id, with whatever `sessionAwareness` put behind a NUL. Raises `Denied`."""
    try:
        return uuid.UUID(name.partition("\0")[0])
    except ValueError:
        raise Denied(4403, "no access") from None


def later_s() -> float:
    """When to ask again, spread."""
    return LATER_S * (1 + secrets.randbelow(1000) / 1000)


async def _welcome() -> None:
    """Nothing: the socket is accepted before it is known who is there."""
