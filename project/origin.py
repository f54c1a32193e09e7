"""Which pages may open a socket: our own, and those of CSRF_TRUSTED_ORIGINS.

A browser sends its cookies with a handshake from any page (cross-site WebSocket hijacking); `Origin` is what tells them
apart, and a page cannot forge it. Programs send none, and carry no cookies of a person: they are let through. So is,
wherever it comes from, a handshake that has no cookies and shows an access token: that is not the browser's to give. A
socket of Hocuspocus shows its tokens later: there a foreign page is let in, without its cookies.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from collab.admission import bearer_token

type App = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]
TOKENS_LATER = "/ws/hocuspocus"
DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


class OriginCheck:
    """ASGI middleware for sockets: refuses the handshake (403) of a page from elsewhere."""

    def __init__(self, application: App) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = scope.get("headers", [])
        origins = [value.decode("latin1") for name, value in headers if name == b"origin"]
        hosts = [value.decode("latin1") for name, value in headers if name == b"host"]
        host = hosts[0] if len(hosts) == 1 else ""
        by_token = bearer_token(scope) is not None and not any(name == b"cookie" for name, _ in headers)
        if not origins or by_token or (len(origins) == 1 and may_connect(origins[0], host=host)):
            return await self.application(scope, receive, send)
        if scope["path"].rstrip("/") == TOKENS_LATER:
            kept = [(name, value) for name, value in headers if name != b"cookie"]
            return await self.application({**scope, "headers": kept}, receive, send)
        return await refuse(scope, receive, send)


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application that refuses every handshake (403)."""
    await receive()
    await send({"type": "websocket.close"})


def may_connect(origin: str, *, host: str) -> bool:
    """Whether a page of `origin` may open a socket of this site, asked for under the name `host`."""
    try:
        page = urlsplit(origin)
        port = str(page.port or DEFAULT_PORTS.get(page.scheme, ""))
    except ValueError:
        return False
    if page.scheme not in ("http", "https") or not page.hostname:
        return False
    return _is_ours(page.scheme, page.hostname, port, host) or _is_trusted(page.scheme, page.hostname, port)


def _is_ours(scheme: str, hostname: str, port: str, host: str) -> bool:
    # The host must be one of ours too: else a name that an attacker points at us would be "the same origin".
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]", ".localhost"] if settings.DEBUG else [])
    domain, host_port = split_domain_port(host.lower())
    if not domain or not validate_host(domain, allowed):
        return False
    return domain.strip("[]") == hostname and (host_port or DEFAULT_PORTS[scheme]) == port


def _is_trusted(scheme: str, hostname: str, port: str) -> bool:
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        pattern = urlsplit(trusted.replace("://*.", "://."))
        same_port = str(pattern.port or DEFAULT_PORTS.get(pattern.scheme, "")) == port
        if pattern.scheme == scheme and same_port and pattern.hostname:
            if pattern.hostname == hostname:
                return True
            if pattern.hostname.startswith(".") and hostname.endswith(pattern.hostname):
                return True
    return False
