"""Requests to the whole ASGI application, as a server hands them over."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LOCAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    path: str,
    *,
    application: Any = None,
    method: str = "GET",
    peer: str | None = LOCAL,
    host: str = "127.0.0.1:8000",
    headers: Sequence[tuple[str, str]] = (),
) -> Answered:
    """The answer to one request without a body. `peer`: who the server sees at the other end; None: a Unix socket."""
    if application is None:
        from project.asgi import application as ours

        application = ours
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "client": (peer, 40_000) if peer is not None else None,
        "server": ("127.0.0.1", 8000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in [("host", host), *headers]],
    }
    await application(scope, receive, send)
    start = next(message for message in told if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in told if message["type"] == "http.response.body")
    return Answered(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body)
