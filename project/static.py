"""Static files under ASGI: WhiteNoise's choice of file and headers, without its thread hop and sync streaming."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

type Next = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise's middleware is sync only, which puts a thread between every request and its view."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def add_files(self, root: str | Path, prefix: str | None = None) -> None:
        """Those of `root`, if anything was collected there; else the finders' are served (`settings`)."""
        if Path(root).is_dir():
            super().add_files(root, prefix)

    def __call__(self, request: HttpRequest) -> Any:
        # When `get_response` gives a coroutine Django awaits what comes back, so a file must be awaitable too.
        file = self.find_file(request.path_info) if self.autorefresh else self.files.get(request.path_info)
        if file is None:
            return self.get_response(request)
        response = self.serve(file, request)
        return _ready(response) if iscoroutinefunction(self) else response

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """The whole file at once: a few hundred kilobytes at most, so streaming would cost more than it saves."""
        found = static_file.get_response(request.method, request.META)
        if found.file is None:
            body = b""
        else:
            with found.file:
                body = found.file.read()
        return HttpResponse(body, status=int(found.status), headers=dict(found.headers))


async def _ready(response: HttpResponse) -> HttpResponse:
    return response
