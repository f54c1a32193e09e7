"""Where a request comes from, as far as that can be known."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's IP address; an empty string when the server does not know it (a Unix socket).

    `X-Forwarded-For` is a client's to invent, but for the entries our own proxies have added at its end: as many are
    believed as `PROXY_COUNT` says.
    """
    return _believed(request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", ""))


def counted_address(request: HttpRequest) -> str | None:
    """The address that bounds are counted by. Of IPv6 the first 64 bits: the rest is anybody's own to change."""
    return _counted(address_of(request))


def counted_address_of_socket(scope: dict[str, Any]) -> str | None:
    """The same of a handshake, as ASGI tells it."""
    passed_on = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    return _counted(_believed((scope.get("client") or ("",))[0], passed_on.decode("latin-1")))


def _believed(peer: str, passed_on: str) -> str:
    said = peer
    if settings.PROXY_COUNT:
        hops = [hop.strip() for hop in passed_on.split(",") if hop.strip()]
        said = hops[-settings.PROXY_COUNT] if len(hops) >= settings.PROXY_COUNT else said
    try:
        return str(ip_address(said))
    except ValueError:
        return ""


def _counted(found: str) -> str | None:
    if not found:
        return None
    address = ip_address(found)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False).network_address)
    return str(address)
