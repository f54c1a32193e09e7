"""Bodies under daphne: Twisted collects a whole request before the application hears of it, whatever its length, and
reads forms into memory, on the event loop, for arguments that nobody asks for.

Seen in daphne 4.2.3 on Twisted 26; `tests/hostile/test_uploads.py` tells when a newer one does otherwise.
"""

from typing import Any

from .bodies import limit_for


def bound_daphne() -> None:
    """From now on daphne keeps no more of a body than is allowed at its address, and one byte. `BodyLimit` answers."""
    from daphne.http_protocol import WebRequest  # not imported by other servers

    WebRequest.handleContentChunk = _keep_within_limit
    WebRequest.requestReceived = _hand_on


def _keep_within_limit(self: Any, data: bytes) -> None:
    path = self.channel._path.partition(b"?")[0].decode("latin-1")
    free = limit_for(path) + 1 - self.content.tell()
    if free > 0:
        self.content.write(data[:free])


def _hand_on(self: Any, command: bytes, path: bytes, version: bytes) -> None:
    """As twisted.web.http.Request.requestReceived, without the form."""
    self.content.seek(0)
    self.args = {}
    self.method, self.uri, self.clientproto = command, path, version
    self.path = path.partition(b"?")[0]
    self.process()
