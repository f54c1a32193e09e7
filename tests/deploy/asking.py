"""Requests as they are on the wire, to nginx or to a server process."""

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]

    def json(self) -> Any:
        return json.loads(self.body)


def ask(port: int, method: str, path: str, *, body: bytes | None = None, tls: bool = False, **headers: str) -> Answer:
    """`headers`: `content_type="…"` for Content-Type."""
    connection: http.client.HTTPConnection
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=anybody())
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.headers.items()}
    cookies = answer.headers.get_all("Set-Cookie") or []
    result = Answer(answer.status, found, answer.read(), cookies)
    connection.close()
    return result


def anybody() -> ssl.SSLContext:
    """Believes the certificate that a test made."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
