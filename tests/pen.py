"""A `coscribe.v1` client without a network: frames in, frames out. Follows docs/wire.md rule by rule.

`tests.clients.Scribe` puts it on a socket; `tests.core.cohort` on a simulated one.
"""

import json
from typing import Any

from pycrdt import Doc, Text, merge_updates

from collab.core import messages
from collab.core.lib0 import read_var_bytes, read_var_string, read_var_uint, var_bytes, var_uint
from collab.core.messages import Type


class Pen:
    """One person at one document. Keeps what it was told, in order.

    `received`: (first, last) of each DELTA. `acked`: (batch, seq) of each ACK. `refused`: (batch, code) of each
    REFUSED.
    """

    def __init__(self, *, doc: Doc[Any] | None = None) -> None:
        self.doc: Doc[Any] = doc if doc is not None else Doc()
        self.text: Text = self.doc.get("text", type=Text)
        self.hello: dict[str, Any] = {}
        self.role = ""
        self.seq = 0
        self.batch = 0
        self.acked_batch = 0
        self.synced = False
        self.received: list[tuple[int, int]] = []
        self.acked: list[tuple[int, int]] = []
        self.refused: list[tuple[int, str]] = []
        self.access: list[str] = []
        self.presence: dict[int, Any] = {}
        self.receipts: list[dict[str, Any]] = []
        self.dirty = False  # there are edits of ours that nobody acknowledged, on this connection or an earlier one
        self._unsent: list[bytes] = []
        self._applying = False
        self._ready = False
        self._subscription = self.doc.observe(self._on_update)

    def _on_update(self, event: Any) -> None:
        if not self._applying:
            self._unsent.append(event.update)
            self.dirty = True

    @property
    def saved_all(self) -> bool:
        """Whether everything that was sent is acknowledged and nothing waits to be sent."""
        return self.acked_batch >= self.batch and not self._unsent

    def greet(self) -> bytes:
        """A new connection: its first frame, our step 1."""
        self.batch = self.acked_batch = 0
        self.synced = self._ready = False
        return messages.encode_step1(self.doc.get_state())

    def push(self) -> bytes | None:
        """What was not sent yet as a PUSH; None when there is nothing, or the server has not asked for our WHOLE
        yet.
        """
        if not self._ready or not self._unsent:
            return None
        update = self._unsent[0] if len(self._unsent) == 1 else merge_updates(*self._unsent)
        self._unsent.clear()
        self.batch += 1
        return bytes((Type.PUSH,)) + var_uint(self.batch) + var_bytes(update)

    def take(self, frame: bytes) -> list[bytes]:
        """A frame from the server; returns the answers."""
        kind, at = read_var_uint(frame, 0)
        if kind == Type.SYNC:
            _, at = read_var_uint(frame, at)
            return self._answer(read_var_bytes(frame, at)[0])
        if kind == Type.HELLO:
            self.hello = json.loads(read_var_string(frame, at)[0])
            self.role = self.hello["role"]
        elif kind == Type.STATE:
            self.seq, at = read_var_uint(frame, at)
            self._apply(read_var_bytes(frame, at)[0])
            self.synced = True
        elif kind == Type.DELTA:
            return self._follow(frame, at)
        elif kind == Type.ACK:
            self.acked_batch, at = read_var_uint(frame, at)
            self.acked.append((self.acked_batch, read_var_uint(frame, at)[0]))
            self.dirty = not self.saved_all
        elif kind == Type.REFUSED:
            batch, at = read_var_uint(frame, at)
            self.refused.append((batch, read_var_string(frame, at)[0]))
        elif kind == Type.ACCESS:
            self.role = json.loads(read_var_string(frame, at)[0])["role"]
            self.access.append(self.role)
        elif kind == Type.RECEIPT:
            self.receipts.append(json.loads(read_var_string(frame, at)[0]))
        elif kind == Type.PING:
            return [messages.encode_pong(read_var_uint(frame, at)[0])]
        elif kind == Type.AWARENESS:
            self._note_presence(read_var_bytes(frame, at)[0])
        return []

    def _follow(self, frame: bytes, at: int) -> list[bytes]:
        first, at = read_var_uint(frame, at)
        last, at = read_var_uint(frame, at)
        assert self.synced, "a DELTA came before the STATE"
        if first > self.seq + 1:
            return [messages.encode_step1(self.doc.get_state())]
        self.received.append((first, last))
        self.seq = max(self.seq, last)
        self._apply(read_var_bytes(frame, at)[0])
        return []

    def _answer(self, vector: bytes) -> list[bytes]:
        """The server's step 1: a WHOLE, unless there is nothing it lacks. We keep no dirty flag, so deletions always
        count as news.
        """
        whole = self.doc.get_update(vector)
        self._unsent.clear()
        self._ready = True
        if whole == b"\x00\x00":
            self.dirty = False
            return []
        self.batch += 1
        return [bytes((Type.WHOLE,)) + var_uint(self.batch) + var_bytes(whole)]

    def _note_presence(self, body: bytes) -> None:
        message = messages.decode(bytes((Type.AWARENESS,)) + var_bytes(body))
        assert isinstance(message, messages.Awareness)
        for entry in message.entries:
            state = json.loads(entry.state)
            if state is None:
                self.presence.pop(entry.client, None)
            else:
                self.presence[entry.client] = state

    def _apply(self, update: bytes) -> None:
        self._applying = True
        try:
            self.doc.apply_update(update)
        finally:
            self._applying = False

    def __str__(self) -> str:
        return str(self.text)
