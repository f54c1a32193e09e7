"""The ways a client can break the protocol. Each error carries the close code of docs/wire.md and a reason without its
bytes.
"""


class CollabError(Exception):
    """Root of the tree. `code` is the WebSocket close code, `reason` a short text that is safe to send."""

    code = 4400

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ProtocolError(CollabError):
    """Bytes that are not a message of this protocol."""

    code = 4400


class TooBig(CollabError):
    """A message, a state or a count over its bound. The reason names the bound."""

    code = 1009

    def __init__(self, what: str, *, limit: int, actual: int) -> None:
        self.limit, self.actual = limit, actual
        super().__init__(f"{what}: at most {limit}, got {actual}")


class BadUpdate(CollabError):
    """An update that no honest Yjs client of this document can have made."""

    code = 4409
