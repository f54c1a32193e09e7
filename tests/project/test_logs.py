"""Lines of the log: what is in them, whose they are, and that nobody's words are."""

import asyncio
import json
import logging
import secrets
import urllib.error
import urllib.request
from typing import Any

import pytest

from permissions.trace import trace
from project.logs import JsonLine, Line, Trace
from project.trace import Traced
from tests.clients import Scribe, company, converge
from tests.conftest import StartApp
from tests.seed import run
from tests.servers import Postgres, Redis

from .asking import Answered, ask


def record(message: str, *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("collab.hub", logging.INFO, __file__, 1, message, arguments, None)
    made.__dict__.update(more)
    Trace().filter(made)
    return made


def test_a_json_line_is_one_object() -> None:
    said = json.loads(JsonLine().format(record("document %s:\nopened \u00e9", "x")))
    assert said["message"] == "document x:\nopened \u00e9"
    assert (said["level"], said["logger"]) == ("INFO", "collab.hub")
    assert said["time"].endswith("+00:00")
    assert "trace" not in said
    assert "\n" not in JsonLine().format(record("two\nlines"))


def test_a_line_has_nothing_that_a_library_hangs_on_it() -> None:
    hung = record("Not Found", request="<ASGIRequest: GET '/?secret'>", sql="INSERT", params=("secret",))
    for form in (JsonLine(), Line()):
        assert "secret" not in form.format(hung)


def test_the_row_that_broke_a_rule_is_not_in_the_log() -> None:
    row = "DETAIL:  Failing row contains (1, Dear\n\nsweet diary)."
    words = f'new row violates check constraint "x"\n{row}\nCONTEXT:  a function'
    error = ValueError(words)
    made = record("a batch cannot be committed")
    made.exc_info = (type(error), error, None)
    for form in (JsonLine(), Line()):
        line = form.format(made)
        assert "violates check constraint" in line
        assert "diary" not in line
        assert "a function" in line


@pytest.mark.parametrize(
    "path",
    ["/invitations/{}/", "/unsubscribe/{}/", "/reset/Mg/{}/", "/documents/1/?key={}", "/documents/1/?view=a&key={}"],
)
def test_what_opens_something_in_an_address_is_not_in_the_log(path: str) -> None:
    error = ValueError(path.format("s3cret-of:ada"))
    made = record("Forbidden (%s): %s", "CSRF cookie not set.", path.format("s3cret-of:ada"))
    made.exc_info = (type(error), error, None)
    for form in (JsonLine(), Line()):
        line = form.format(made)
        assert "s3cret" not in line
        assert path.format("...") in line


def test_a_line_names_the_request_it_is_about() -> None:
    token = trace.set("abcdef0123456789")
    try:
        assert json.loads(JsonLine().format(record("x")))["trace"] == "abcdef0123456789"
        assert " abcdef0123456789 " in Line().format(record("x"))
        assert json.loads(JsonLine().format(record("x", trace="another")))["trace"] == "another"
    finally:
        trace.reset(token)


# -- the id of a request -----------------------------------------------------------------------------------------------


async def answered(*headers: tuple[str, str]) -> tuple[Answered, str]:
    """The answer, and the id that the request was known by inside."""
    inside: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        inside.append(trace.get())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return await ask("/", application=Traced(application), headers=headers), inside[0]


async def test_each_request_has_an_id_and_is_told() -> None:
    one, known = await answered()
    other, _ = await answered()
    assert one.headers["x-request-id"] == known
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert trace.get() == ""


async def test_a_proxy_s_id_is_taken_and_a_client_s_is_not(settings: Any) -> None:
    theirs = ("X-Request-ID", "0af7651916cd43dd8448eb211c80319c")
    settings.PROXY_COUNT = 0
    assert (await answered(theirs))[1] != theirs[1]
    settings.PROXY_COUNT = 1
    assert (await answered(theirs))[0].headers["x-request-id"] == theirs[1]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "short",
        "a" * 65,
        "with space",
        "new\nline1234",
        "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9",
        "<script>alert",
    ],
)
async def test_an_id_that_is_none_is_replaced(bad: str, settings: Any) -> None:
    settings.PROXY_COUNT = 1
    assert (await answered(("X-Request-ID", bad)))[1] != bad


async def test_two_ids_are_none(settings: Any) -> None:
    settings.PROXY_COUNT = 1
    assert "0af76519" not in (await answered(("X-Request-ID", "0af76519aa"), ("X-Request-ID", "0af76519bb")))[1]


# -- a running server --------------------------------------------------------------------------------------------------

SEED = """
people = [person(name)["session"] for name in ("ada", "bob")]
document = Document.objects.create_for(owner=user("ada"), title="{title}")
sharing.grant(by=user("ada"), obj=document, to=user("bob"), role=Role.EDITOR)
result = [str(document.pk), people, tokens.make(person=user("ada"), name="x", scope=Scope("write"), expires_at=None)]
"""


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_nobody_s_words_are_in_the_log(
    kind: str, start_app: StartApp, postgres: Postgres, postgres_url: str, redis: Redis
) -> None:
    """At DEBUG, with Redis and PostgreSQL, over sockets and over HTTP: not as text, and not as its bytes."""
    words = [secrets.token_hex(8) for _ in range(4)]
    written, title, secret, presence = words
    document, people, token = run(SEED.format(title=title), database_url=postgres_url)
    env = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}
    app = start_app(kind, database_url=postgres_url, redis_url=redis.url, env=env)
    async with company(*(Scribe(app.ws_url, session, document) for session in people)) as (ada, bob):
        await ada.type(written)
        await converge(ada, bob)
        await ada.awareness({"note": presence})
        await bob.until(lambda: bob.presence)
        await ada.send(b"\x43" + written.encode())  # not of the protocol: closed, with a line in the log
        await ada.until(lambda: ada.closed)
        made = await asyncio.to_thread(post, f"{app.url}/api/documents/", token, {"title": secret, "markdown": secret})
        await asyncio.to_thread(get, f"{app.url}/api/documents/{made}/markdown/", token)
    app.stop()
    lines = [json.loads(line) for line in app.log.read_text().splitlines()]
    assert any("room opened" in line["message"] for line in lines)
    assert any(line["level"] == "DEBUG" for line in lines), "it would find nothing if nothing were said"
    log = app.log.read_text()
    for word in [*words, *people, token]:
        for form in (word, word.encode().hex(), word.encode().hex(" "), repr(word.encode())[2:-1]):
            assert form not in log


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_the_lines_of_a_socket_have_its_id(kind: str, start_app: StartApp, sqlite_url: str) -> None:
    document, people, _ = run(SEED.format(title="Minutes"), database_url=sqlite_url)
    app = start_app(kind, database_url=sqlite_url, env={"LOG_FORMAT": "json", "COLLAB_SWEEP_INTERVAL_MS": "100"})
    async with company(*(Scribe(app.ws_url, session, document) for session in people)) as (ada, bob):
        await asyncio.to_thread(run, "Document.objects.all()[0].delete(); result = 0", database_url=sqlite_url)
        await ada.until(lambda: ada.closed)
        await bob.until(lambda: bob.closed)
    app.stop()
    lines = [json.loads(line) for line in app.log.read_text().splitlines()]
    entered = [line["trace"] for line in lines if "entered as" in line["message"]]
    closed = [line["trace"] for line in lines if "closed a socket" in line["message"]]
    assert len(set(entered)) == 2
    assert sorted(closed) == sorted(entered), "what the clock does to a socket is said under the socket's id"
    assert all("trace" not in line for line in lines if "room closed" in line["message"])


def post(url: str, token: str, body: Any) -> str:
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers(token))
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return str(json.load(answer)["id"])


def get(url: str, token: str) -> None:
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers=headers(token)), timeout=20).close()
    except urllib.error.HTTPError as error:
        error.close()


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
