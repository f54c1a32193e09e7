"""The real application under both servers: pages, static files, sockets from elsewhere, and an end without warning."""

import re
import urllib.parse
from http.client import HTTPConnection
from typing import Any, Literal

import pytest

from .conftest import StartApp
from .servers import AppServer

SERVERS = pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
DAVE = {"name": "Dave", "email": "dave@example.org", "password": "a long enough one"}


class Visitor:
    """A browser as far as these tests need one: it keeps cookies and sends forms with their token."""

    def __init__(self, app: AppServer) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection("127.0.0.1", self.app.port, timeout=20)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body or None, {"Cookie": cookie, **headers})
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return response.status, {name.lower(): value for name, value in response.headers.items()}, text

    def send_form(self, path: str, **fields: str) -> tuple[int, dict[str, str], str]:
        form = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": self.cookies["csrftoken"]})
        return self.ask("POST", path, form, **{"Content-Type": "application/x-www-form-urlencoded"})


@SERVERS
def test_a_newcomer_signs_up_and_makes_a_document_that_outlives_the_server(
    kind: Literal["daphne", "uvicorn"], sqlite_url: str, start_app: StartApp
) -> None:
    app = start_app(kind, database_url=sqlite_url)
    visitor = Visitor(app)
    assert visitor.ask("GET", "/")[0] == 302
    assert visitor.ask("GET", "/sign-up/")[0] == 200
    assert visitor.send_form("/sign-up/", **DAVE)[0] == 302
    status, headers, _ = visitor.send_form("/documents/")
    assert status == 302
    assert visitor.ask("GET", headers["location"])[0] == 200
    app.kill9()
    app.start()
    status, _, page = visitor.ask("GET", headers["location"])
    assert status == 200
    assert '"role": "owner"' in page


@SERVERS
def test_the_built_files_are_served_for_good_and_nothing_else_is(
    kind: Literal["daphne", "uvicorn"], sqlite_url: str, start_app: StartApp
) -> None:
    visitor = Visitor(start_app(kind, database_url=sqlite_url))
    page = visitor.ask("GET", "/sign-in/")[2]
    script = re.search(r'<script type="module" src="(/static/assets/[^"]+)"', page)
    assert script is not None
    status, headers, _ = visitor.ask("GET", script[1])
    assert (status, headers["cache-control"]) == (200, "max-age=315360000, public, immutable")
    for path in ("/static/../project/settings.py", "/static/../var/secret_key", "/static/%2e%2e/manage.py", "/nope"):
        assert visitor.ask("GET", path)[0] == 404, path


@pytest.mark.parametrize("path", ["/ws/documents/0b2a3d0e-0000-4000-8000-000000000000/", "/ws/", "/"])
@SERVERS
def test_a_page_from_elsewhere_opens_no_socket(
    kind: Literal["daphne", "uvicorn"], path: str, sqlite_url: str, start_app: StartApp
) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    app = start_app(kind, database_url=sqlite_url)
    with pytest.raises(InvalidStatus) as refused, connect(app.ws_url + path, origin=any_origin("http://evil.example")):
        pass
    assert refused.value.response.status_code == 403
    assert "Traceback" not in app.log.read_text()


def any_origin(origin: str) -> Any:
    return origin
