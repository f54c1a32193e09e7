"""The operator's page about open documents: who may see it, what it shows of all processes, and closing a room."""

import asyncio
import re
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.test import AsyncClient, Client

from collab.admin import duration
from collab.core.messages import is_restart
from collab.hub import Hub
from collab.processes import MAX_NAMES
from documents.models import Document
from permissions.models import AuditEntry, User
from permissions.roles import Role
from tests.clients import Scribe, converge
from tests.collab.test_hub import Guest, until
from tests.conftest import Person, StartApp
from tests.seed import run
from tests.servers import Redis
from tests.signed_in import sign_in

PAGE = "/admin/collab/opendocument/"
CLOSED = "/admin/collab/opendocument/closed/"
SIGN_IN = "/admin/login/"


@pytest.fixture
def person(person: Person) -> Person:
    def make(username: str, **fields: Any) -> User:
        made = person(username, **fields)
        sign_in(made)
        return made

    return make


@pytest.fixture
def root(person: Person, db: None) -> User:
    return person("root", is_staff=True, is_superuser=True)


def operator(person: Person, *rights: str) -> User:
    made = person("opal", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=rights, content_type__app_label="collab"))
    return made


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PAGE, CLOSED])
def test_strangers_and_people_are_sent_to_sign_in(path: str, ada: User, browser_of: Callable[..., Client]) -> None:
    for browser in (browser_of(None), browser_of(ada)):
        for answer in (browser.get(path), browser.post(path)):
            assert answer.status_code == 302
            assert answer["Location"].startswith(SIGN_IN)


def test_staff_without_the_right_sees_nothing(person: Person, db: None, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(operator(person))
    assert browser.get(PAGE).status_code == 403
    assert browser.post(CLOSED).status_code == 403
    assert "opendocument" not in browser.get("/admin/").text


def test_who_may_see_may_not_close(person: Person, minutes: Document, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(operator(person, "view_opendocument"))
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "<button" not in page.text.split("open-documents", 1)[1]
    assert browser.post(CLOSED, {"document": minutes.pk}).status_code == 403
    assert not AuditEntry.objects.exists()


def test_closing_needs_the_token_of_a_form(root: User, minutes: Document) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(root, "permissions.backends.SignInBackend")
    assert browser.post(CLOSED, {"document": minutes.pk}).status_code == 403
    assert browser.get(CLOSED).status_code == 405
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("said", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_what_is_no_document_is_not_closed(said: str, root: User, browser_of: Callable[..., Client]) -> None:
    page = browser_of(root).post(CLOSED, {"document": said}, follow=True)
    assert "There is no such document." in page.text
    assert not AuditEntry.objects.exists()


def test_closing_is_in_the_audit_log(root: User, minutes: Document, browser_of: Callable[..., Client]) -> None:
    page = browser_of(root).post(CLOSED, {"document": minutes.pk}, follow=True)
    assert "“Minutes” is being closed" in page.text
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor_id, entry.object_id) == ("closed", root.pk, minutes.pk)
    assert (entry.object_name, entry.address) == ("Minutes", "127.0.0.1")


def test_the_page_is_in_the_admin_s_list(root: User, browser_of: Callable[..., Client]) -> None:
    assert PAGE in browser_of(root).get("/admin/").text


# -- what it shows -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_who_is_where_and_what_waits(hub: Hub, minutes: Document, ada: User, bob: User, root: User) -> None:
    live = await hub.open(minutes.pk)
    writer = Guest(hub, live, ada, Role.EDITOR)
    Guest(hub, live, bob, Role.VIEWER)
    writer.write("hush")
    await writer.until(lambda: writer.acked_batch >= writer.batch)
    browser = AsyncClient()
    await sync_to_async(browser.force_login)(root, "permissions.backends.SignInBackend")
    page = (await browser.get(PAGE)).content.decode()
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<tbody>")[1].split("</tbody>")[0]))
    assert f"Minutes {minutes.pk} Ada , Bob 2 " in shown
    assert "hush" not in page
    assert "<script" not in page.split('id="content-main"')[1].split("</section>")[0]


@pytest.mark.django_db(transaction=True)
async def test_names_and_titles_cannot_write_the_page(hub: Hub, person: Person, root: User) -> None:
    mallory = await sync_to_async(person)("mallory", name="<img src=x onerror=alert(1)>")
    document = await sync_to_async(Document.objects.create_for)(owner=mallory, title="</table><script>x</script>")
    Guest(hub, await hub.open(document.pk), mallory, Role.OWNER)
    browser = AsyncClient()
    await sync_to_async(browser.force_login)(root, "permissions.backends.SignInBackend")
    page = (await browser.get(PAGE)).content.decode()
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
    assert "<script>x" not in page


@pytest.mark.django_db(transaction=True)
async def test_a_process_says_what_waits_longest_first_and_bounds_what_it_says(
    hub: Hub, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collab.survey.MAX_ROOMS", 2)
    people = [await sync_to_async(person)(f"p{n:02}") for n in range(MAX_NAMES + 2)]
    made = [await sync_to_async(Document.objects.create_for)(owner=people[0], title=f"{n}") for n in range(3)]
    rooms = [await hub.open(document.pk) for document in made]
    for someone in people:
        Guest(hub, rooms[1], someone, Role.VIEWER)
    rooms[2].inbox_since = hub.loop.time() - 5
    said = hub.survey.here()
    assert said.rooms == 3
    assert [room.document for room in said.listed] == [made[2].pk, made[1].pk]
    assert said.listed[0].unanswered_ms >= 5_000
    assert (said.listed[1].people, len(said.listed[1].names)) == (MAX_NAMES + 2, MAX_NAMES)


def test_durations() -> None:
    assert [duration(ms) for ms in (0, 7, 1_000, 59_999, 60_000, 3_600_000, 90_000_000)] == [
        "", "7 ms", "1 s", "59 s", "1 min", "1 h", "1 d",
    ]  # fmt: skip


# -- closing -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_what_was_taken_is_answered_before_a_room_is_closed(
    hub: Hub, minutes: Document, ada: User, bob: User
) -> None:
    live = await hub.open(minutes.pk)
    writer, reader = Guest(hub, live, ada, Role.EDITOR), Guest(hub, live, bob, Role.VIEWER)
    writer.write("in time")
    hub.survey.close(minutes.pk)
    await writer.until(lambda: writer.code)
    await reader.until(lambda: reader.code)
    assert writer.acked_batch == writer.batch
    assert is_restart(writer.code or 0)
    assert is_restart(reader.code or 0)
    await until(lambda: live.closing)
    again = await hub.open(minutes.pk)
    assert again is not live
    assert again.room.head == 1


@pytest.mark.django_db(transaction=True)
async def test_a_room_whose_database_is_gone_is_closed_all_the_same(
    hub: Hub, minutes: Document, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its people have kept what was not acknowledged."""
    monkeypatch.setattr("collab.survey.CLOSE_S", 0.05)
    live = await hub.open(minutes.pk)
    writer = Guest(hub, live, ada, Role.EDITOR)
    monkeypatch.setattr(hub.journal, "ready", lambda _: None)
    writer.write("never committed")
    hub.survey.close(minutes.pk)
    await writer.until(lambda: writer.code)
    await until(lambda: live.closing)
    assert writer.acked_batch < writer.batch


AUDITED = """
from permissions.models import AuditEntry
result = list(AuditEntry.objects.values_list("actor_name", "action"))
"""
SEED = """
for name in ("root", "ada", "bob"):
    person(name)
User.objects.filter(username="root").update(is_staff=True, is_superuser=True)
document = Document.objects.create_for(owner=user("ada"), title="Minutes")
sharing.grant(by=user("ada"), obj=document, to=user("bob"), role=Role.EDITOR)
result = [str(document.pk), *(person(name)["session"] for name in ("root", "ada", "bob"))]
"""


async def test_an_operator_closes_a_room_in_all_processes_and_nothing_is_lost(
    start_app: StartApp, postgres_url: str, redis: Redis
) -> None:
    """By a form and without a script; the page comes from a process that has no socket at all."""
    document, root, *people = run(SEED, database_url=postgres_url)
    idle, *busy = (
        start_app(kind, database_url=postgres_url, redis_url=redis.url) for kind in ("uvicorn", "uvicorn", "daphne")
    )
    scribes = [Writer(app.ws_url, session, document) for app, session in zip(busy, people, strict=True)]
    typed = [await scribe.begin() for scribe in scribes]
    page = await asyncio.to_thread(visit, f"{idle.url}{PAGE}", root)
    async with asyncio.timeout(60):  # a process that was just asked for the first time may still be subscribing
        while page.count("<section") < 3:
            page = await asyncio.to_thread(visit, f"{idle.url}{PAGE}", root)
    assert len(re.findall(r"<h2>[^<]+:\d+", page)) == 3
    assert page.count(document) >= 2
    assert page.index("this process") < page.index("<bdi>")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "document": document}
    after = await asyncio.to_thread(visit, f"{idle.url}{CLOSED}", root, form)
    assert 'id="content-main"' in after
    for scribe in scribes:
        await scribe.until(partial(getattr, scribe, "closed"))
    assert all(is_restart(scribe.closed[0]) for scribe in scribes if scribe.closed)
    await asyncio.gather(*typed)
    for scribe in scribes:
        await scribe.join()
        await scribe.send_push()
    text = await converge(*scribes)
    for scribe in scribes:
        assert text.count(scribe.session[:6]) == scribe.words, "each word is there once"
        await scribe.close()
    said = run(AUDITED, database_url=postgres_url)
    assert ["Root", "closed"] in said


class Writer(Scribe):
    """Somebody who types until they are closed."""

    words = 0

    async def begin(self) -> asyncio.Task[None]:
        await self.join()
        return asyncio.create_task(self._write())

    async def _write(self) -> None:
        while not self.closed:
            await self.type(f"{self.session[:6]} ")
            self.words += 1
            await asyncio.sleep(0.01)


def visit(url: str, session: str, form: dict[str, str] | None = None) -> str:
    headers = {"Cookie": f"sessionid={session}"}
    data = None
    if form is not None:
        headers["Cookie"] += f"; csrftoken={form['csrfmiddlewaretoken']}"
        data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20) as answer:
        return str(answer.read(), "utf-8")
