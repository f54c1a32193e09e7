"""What machines ask of a process: `/healthz`, `/readyz`, `/metrics`. Answered before Django: a probe asks by address,
which is no name of this site, and by plain HTTP, which would be redirected.

`/metrics` is for whoever shows `METRICS_TOKEN`; where there is none, for this machine. A proxy on this machine is not
this machine: what came through one says so in a header, and those headers are only ever believed against who sends
them.
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import constant_time_compare

from collab import hub as hubs
from collab import metrics

from .health import Health

type App = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]
type Answer = tuple[HTTPStatus, str, bytes]

PASSED_ON = {b"forwarded", b"via", b"x-real-ip"}  # and whatever begins with x-forwarded-
TEXT, JSON = "text/plain; charset=utf-8", "application/json"


class Probes:
    """ASGI middleware: answers probes, and passes everything else on."""

    def __init__(self, application: App) -> None:
        self._application = application
        self._health = Health()
        self._answers = {"/healthz": self._alive, "/readyz": self._ready, "/metrics": self._metrics}

    @property
    def paths(self) -> list[str]:
        """What is answered here."""
        return list(self._answers)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        answer = self._answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await self._application(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await _say(scope, send, HTTPStatus.METHOD_NOT_ALLOWED, TEXT, b"", allow="GET, HEAD")
        else:
            await _say(scope, send, *await answer(scope))

    async def _alive(self, scope: dict[str, Any]) -> Answer:
        """The event loop turns. Nothing else: who is not alive is killed, and a dead database is not our death."""
        return HTTPStatus.OK, TEXT, b"ok\n"

    async def _ready(self, scope: dict[str, Any]) -> Answer:
        found = await self._health.readiness()
        parts = {
            "status": found.status,
            "database": found.database,
            "migrations": found.migrations,
            "redis": found.redis,
        }
        status = HTTPStatus.OK if found.serves else HTTPStatus.SERVICE_UNAVAILABLE
        return status, JSON, json.dumps(parts).encode() + b"\n"

    async def _metrics(self, scope: dict[str, Any]) -> Answer:
        refusal = refuse_scrape(scope)
        if refusal is not None:
            return refusal, TEXT, b""
        return HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.render(hubs.present(), await self._health.letters())


def refuse_scrape(scope: dict[str, Any]) -> HTTPStatus | None:
    """How to refuse whoever asks for the metrics; None: they may have them."""
    token: str = settings.METRICS_TOKEN
    if not token:
        return None if is_local(scope) else HTTPStatus.NOT_FOUND
    shown = [value.decode("latin1") for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, secret = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    known = scheme.lower() == "bearer" and constant_time_compare(secret.strip(), token)
    return None if known else HTTPStatus.UNAUTHORIZED


def is_local(scope: dict[str, Any]) -> bool:
    """Whether somebody on this machine asks this process itself, by a name of this machine."""
    try:
        peer = ip_address((scope.get("client") or ("",))[0])
        hosts = [urlsplit(f"//{value.decode('latin1')}") for name, value in scope["headers"] if name == b"host"]
        host = hosts[0].hostname if len(hosts) == 1 else None
        named = host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
    passed_on = any(name in PASSED_ON or name.startswith(b"x-forwarded-") for name, _ in scope["headers"])
    return (getattr(peer, "ipv4_mapped", None) or peer).is_loopback and named and not passed_on


async def _say(
    scope: dict[str, Any], send: Any, status: HTTPStatus, kind: str, body: bytes, *, allow: str = ""
) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if allow:
        headers.append((b"allow", allow.encode()))
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
