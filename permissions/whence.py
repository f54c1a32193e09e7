"""Where the act that is under way comes from: known to whoever writes it down, without every verb passing it on."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from .address import address_of


@dataclass(frozen=True, slots=True)
class Whence:
    """A request's address, and the name under which it found this site. Both empty outside of one (a command)."""

    address: str = ""
    origin: str = ""


_now: ContextVar[Whence] = ContextVar("whence", default=Whence())  # noqa: B039  # frozen


def whence() -> Whence:
    """Of the request that is being answered."""
    return _now.get()


def site_address(path: str) -> str:
    """`path` as a link for a mail: under `SITE_URL`, else under the name by which this request found us."""
    origin = settings.SITE_URL or whence().origin or _first_host()
    return origin.rstrip("/") + path


def _first_host() -> str:
    named = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    return f"{'https' if settings.HTTPS else 'http'}://{named[0] if named else 'localhost'}"


@contextmanager
def coming_from(request: HttpRequest) -> Iterator[None]:
    """What is done inside is done for this request."""
    token = _now.set(Whence(address_of(request), f"{request.scheme}://{request.get_host()}"))
    try:
        yield
    finally:
        _now.reset(token)


type Answer = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def whence_middleware(answer: Answer) -> Answer:
    """After `CommonMiddleware`, which has refused hosts that are not ours."""
    if iscoroutinefunction(answer):
        waited = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], answer)

        async def aside(request: HttpRequest) -> HttpResponseBase:
            with coming_from(request):
                return await waited(request)

        return aside
    direct: Any = answer

    def at_once(request: HttpRequest) -> HttpResponseBase:
        with coming_from(request):
            return cast(HttpResponseBase, direct(request))

    return at_once
