"""The line between one page and the server, frame by frame: a test may hold frames back, lose them, and read them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakSet

from playwright.async_api import Page, WebSocketRoute

from collab.core.messages import Type

type Choice = Callable[[bytes], bool]

# What Chromium writes when a frame that was passed on comes after the end of the socket. The page itself looks first.
LATE = "WebSocket is already in CLOSING or CLOSED state."
TAPPED: WeakSet[Page] = WeakSet()


def of(*kinds: Type) -> Choice:
    """Chooses frames of these kinds."""
    return lambda frame: frame[0] in kinds


def nothing(_: bytes) -> bool:
    return False


@dataclass
class Line:
    """What `held_up` and `held_down` choose waits for `release`; what `lost_down` chooses never arrives."""

    held_up: Choice = nothing
    held_down: Choice = nothing
    lost_down: Choice = nothing
    up: list[bytes] = field(default_factory=list)  # what reached the server
    down: list[bytes] = field(default_factory=list)  # what reached the page
    lost: list[bytes] = field(default_factory=list)
    _waiting: list[tuple[Callable[[bytes], None], bytes]] = field(default_factory=list)

    @classmethod
    async def tap(cls, page: Page, sockets: str = "**/ws/documents/**") -> "Line":
        """All these sockets that this page opens from now on."""
        line = cls()
        TAPPED.add(page)
        await page.route_web_socket(sockets, line._connect)
        return line

    def release(self) -> None:
        """Nothing is held any more, and what waited goes on."""
        self.held_up = self.held_down = nothing
        waiting, self._waiting = self._waiting, []
        for send, frame in waiting:
            send(frame)

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def deliver_up(frame: bytes) -> None:
            self.up.append(frame)
            server.send(frame)

        def deliver_down(frame: bytes) -> None:
            self.down.append(frame)
            socket.send(frame)

        def from_page(frame: str | bytes) -> None:
            assert isinstance(frame, bytes)
            if self.held_up(frame):
                self._waiting.append((deliver_up, frame))
            else:
                deliver_up(frame)

        def from_server(frame: str | bytes) -> None:
            assert isinstance(frame, bytes)
            if self.lost_down(frame):
                self.lost.append(frame)
            elif self.held_down(frame):
                self._waiting.append((deliver_down, frame))
            else:
                deliver_down(frame)

        socket.on_message(from_page)
        server.on_message(from_server)
