"""The numbers of `/metrics`: each is seen to move with what it counts."""

import asyncio
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from collab import metrics
from collab.core.lib0 import var_bytes, var_uint
from collab.core.messages import Type
from collab.hub import Hub
from collab.lanes import Lane
from collab.relay import Delta
from collab.store import Store
from collab.tally import Histogram
from documents import log
from documents.models import Document
from permissions import letters
from permissions.models import User
from permissions.roles import Role
from tests.clients import Scribe, company
from tests.collab.test_hub import Guest, until
from tests.conftest import Person, StartApp
from tests.pen import Pen
from tests.seed import run
from tests.signed_in import sign_in

from .asking import ask

type Numbers = dict[str, float]


def numbers(text: str) -> Numbers:
    """`name{label="value"}` -> value."""
    found: Numbers = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def scrape(hub: Hub | None, waiting: letters.Waiting | None = None) -> Numbers:
    return numbers(metrics.render(hub, waiting).decode())


def edit(update: bytes, *, batch: int = 1, kind: Type = Type.PUSH) -> bytes:
    return bytes((kind,)) + var_uint(batch) + var_bytes(update)


async def write_elsewhere(hub: Hub, document: Document, author: User) -> bytes:
    """The first row of the log, which no relay tells of."""
    pen = Pen()
    pen.text += "a"
    row = pen.doc.get_update()
    append = log.Append(document.pk, 0, (log.Row(author.pk, row),))
    await hub.store.read(lambda: log.append([append], clients_of=lambda _: ()))
    return row


@pytest.fixture
def tuned() -> dict[str, Any]:
    return {"SWEEP_INTERVAL_MS": 50, "POLL_INTERVAL_MS": 60_000}


@pytest.fixture
def person(person: Person) -> Person:
    def make(username: str, **fields: Any) -> User:
        made = person(username, **fields)
        sign_in(made)
        return made

    return make


def test_a_histogram_counts_as_prometheus_does() -> None:
    counted = Histogram((1, 5))
    for value in (0, 1, 2, 5, 6):
        counted.observe(value)
    assert counted.buckets == [("1", 2.0), ("5", 4.0), ("+Inf", 5.0)]
    assert counted.sum == 14


async def test_a_process_without_sockets_has_all_numbers() -> None:
    """A dashboard shows 0, not "no data"."""
    found = scrape(None)
    assert found['coscribe_rooms{state="live"}'] == 0
    assert found['coscribe_edits_refused_total{reason="access"}'] == 0
    assert found["coscribe_commit_seconds_count"] == 0
    assert found["coscribe_database_up"] == 0
    assert "coscribe_letters_waiting" not in found
    assert found["process_resident_memory_bytes"] > 0


@pytest.mark.django_db(transaction=True)
async def test_who_is_here_and_what_they_wrote(hub: Hub, minutes: Document, ada: User, bob: User) -> None:
    await Document.objects.filter(pk=minutes.pk).aupdate(link_role=Role.VIEWER)  # else the sweep would send bob away
    live = await hub.open(minutes.pk)
    writer, reader = Guest(hub, live, ada, Role.EDITOR), Guest(hub, live, bob, Role.VIEWER)
    writer.write("two")
    await writer.until(lambda: writer.acked_batch >= writer.batch)
    before = scrape(hub)["coscribe_commit_edits_sum"]
    writer.write(" words")
    await writer.until(lambda: writer.acked_batch >= writer.batch)
    found = scrape(hub)
    assert found['coscribe_connections{dialect="coscribe"}'] == 2
    assert found['coscribe_rooms{state="live"}'] == 1
    assert found["coscribe_commit_edits_sum"] == before + 1
    assert (
        found["coscribe_commit_edits_count"]
        == found["coscribe_commit_rooms_sum"]
        == found["coscribe_commit_seconds_count"]
    )
    assert found["coscribe_acknowledge_seconds_count"] == found["coscribe_commit_seconds_count"]
    assert found["coscribe_acknowledge_seconds_sum"] > 0
    assert found["coscribe_room_load_seconds_count"] == 1
    assert found["coscribe_inbox_age_seconds"] == 0
    assert found["coscribe_uncompacted_rows"] == live.room.head
    assert 0 < found["coscribe_uncompacted_age_seconds"] < 60
    hub.leave(live, reader.member)
    assert scrape(hub)['coscribe_connections{dialect="coscribe"}'] == 1


@pytest.mark.django_db(transaction=True)
async def test_the_age_of_the_inbox_grows_while_the_database_is_down(
    hub: Hub, minutes: Document, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> Any:
        raise OperationalError("gone")

    live = await hub.open(minutes.pk)
    writer = Guest(hub, live, ada, Role.EDITOR)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "commit", down)
        writer.write("x")
        await until(lambda: scrape(hub)["coscribe_database_stalled_seconds"] > 0)
        first = scrape(hub)["coscribe_inbox_age_seconds"]
        writer.write("y")
        await until(lambda: scrape(hub)["coscribe_inbox_age_seconds"] > first > 0)
        assert scrape(hub)["coscribe_inbox_edits"] == 1
    await writer.until(lambda: writer.acked_batch >= writer.batch)
    found = scrape(hub)
    assert (found["coscribe_inbox_age_seconds"], found["coscribe_inbox_edits"]) == (0, 0)
    assert found["coscribe_acknowledge_seconds_sum"] >= first


@pytest.mark.django_db(transaction=True)
async def test_refused_edits_by_reason_and_closed_sockets_by_code(
    hub: Hub, minutes: Document, ada: User, bob: User
) -> None:
    live = await hub.open(minutes.pk)
    reader, liar = Guest(hub, live, bob, Role.VIEWER), Guest(hub, live, ada, Role.EDITOR)
    live.receive(reader.member, edit(Pen().doc.get_update()))
    pen = Pen()
    pen.text += "a"
    before = pen.doc.get_state()
    pen.text += "b"
    for batch in (1, 2, 3):  # what stands on something that never comes
        live.receive(liar.member, edit(pen.doc.get_update(before), batch=batch, kind=Type.WHOLE))
        await until(lambda: not live.room.unsaved)
    found = scrape(hub)
    assert found['coscribe_edits_refused_total{reason="access"}'] == 1
    assert found['coscribe_edits_refused_total{reason="invalid"}'] == 1
    assert found['coscribe_sockets_closed_total{code="4409"}'] == 1


@pytest.mark.django_db(transaction=True)
async def test_a_gap_is_seen_and_healed(hub: Hub, minutes: Document, ada: User) -> None:
    live = await hub.open(minutes.pk)
    row = await write_elsewhere(hub, minutes, ada)
    hub.hear(Delta(minutes.pk, "another process", 2, 2, row))  # the one before was lost
    await until(lambda: live.room.head == 1)
    found = scrape(hub)
    assert found['coscribe_relay_gaps_total{why="gap"}'] == found['coscribe_relay_gaps_healed_total{why="gap"}'] == 1
    assert found['coscribe_relay_gaps_total{why="large"}'] == 0


@pytest.mark.django_db(transaction=True)
async def test_a_slow_reader_s_losses_are_counted(hub: Hub, minutes: Document, ada: User) -> None:
    hub.settings = hub.settings | {"MAX_OUTBOX_BYTES": 100}
    live = await hub.open(minutes.pk)
    slow = Guest(hub, live, ada, Role.EDITOR)
    stuck = asyncio.Event()

    async def never(_: Any) -> None:
        await stuck.wait()

    slow.member.outbox._send = never
    for _ in range(3):
        slow.member.outbox.put(b"x" * 80, droppable=True)
    found = scrape(hub)
    assert found["coscribe_outbox_drops_total"] == 1
    assert found["coscribe_outboxes_blocked"] <= 1
    stuck.set()


@pytest.mark.django_db(transaction=True)
async def test_the_sweep_is_timed(hub: Hub) -> None:
    await until(lambda: scrape(hub).get('coscribe_beat_seconds_count{beat="hub.sweep"}', 0) >= 2)
    found = scrape(hub)
    assert abs(found['coscribe_beat_timestamp_seconds{beat="hub.sweep"}'] - timezone.now().timestamp()) < 10
    assert found["coscribe_loop_lag_seconds_count"] > 0


@pytest.mark.django_db(transaction=True)
async def test_a_state_makes_the_log_young_again(hub: Hub, minutes: Document, ada: User) -> None:
    hub.settings = hub.settings | {"COMPACT_AFTER_UPDATES": 1}
    live = await hub.open(minutes.pk)
    writer = Guest(hub, live, ada, Role.EDITOR)
    writer.write("x")
    await until(lambda: scrape(hub)['coscribe_compactions_total{outcome="done"}'] == 1)
    assert (scrape(hub)["coscribe_uncompacted_rows"], scrape(hub)["coscribe_uncompacted_age_seconds"]) == (0, 0)


@pytest.mark.django_db(transaction=True)
async def test_the_age_of_edits_before_this_process_is_read(hub: Hub, minutes: Document, ada: User) -> None:
    await write_elsewhere(hub, minutes, ada)
    written = await hub.store.written_at(minutes.pk, 0)
    live = await hub.open(minutes.pk)
    await until(lambda: live.tail.since == written)


@pytest.mark.django_db
def test_letters_that_wait() -> None:
    assert letters.waiting() == letters.Waiting(0, 0.0)
    letters.write(to="ada@example.org", subject="x", text="x")
    found = letters.waiting()
    assert found.count == 1
    assert 0 <= found.late_s < 60


async def test_letters_are_among_the_numbers() -> None:
    found = scrape(None, letters.Waiting(3, 61.5))
    assert (found["coscribe_letters_waiting"], found["coscribe_letters_late_seconds"]) == (3, 61.5)
    assert found["coscribe_database_up"] == 1


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_running_server_tells_its_numbers(kind: str, start_app: StartApp, sqlite_url: str) -> None:
    import urllib.request

    made = run(
        'ada = person("ada")\n'
        'result = [ada["session"], str(Document.objects.create_for(owner=user("ada"), title="Minutes").pk)]',
        database_url=sqlite_url,
    )
    app = start_app(kind, database_url=sqlite_url)
    async with company(Scribe(app.ws_url, *made)) as (ada,):
        await ada.type("hello")
        await ada.saved()

        def read() -> str:
            with urllib.request.urlopen(f"{app.url}/metrics", timeout=10) as answer:
                return str(answer.read(), "utf-8")

        found = numbers(await asyncio.to_thread(read))
    assert found['coscribe_connections{dialect="coscribe"}'] == 1
    assert found["coscribe_commit_edits_sum"] == 1
    assert found["coscribe_database_up"] == 1


async def test_the_numbers_of_a_process_are_read_without_django(settings: Any) -> None:
    """Through the whole application: no session, no host check, no redirect."""
    settings.METRICS_TOKEN = "a token that nobody guesses"
    settings.ALLOWED_HOSTS = ["docs.example.org"]
    answer = await ask("/metrics", host="10.0.0.7:8000", peer="10.0.0.1")
    assert answer.status == 401


async def test_what_was_not_sent_to_other_processes_is_counted() -> None:
    class Deaf:
        async def new_channel(self) -> str:
            raise OSError

        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            raise OSError

    lane = Lane(Deaf(), name="", hear=lambda _: None, joined=lambda _: None)
    lane.start()
    try:
        lane.say("a group", {"type": "delta"})
        await until(lambda: lane.dropped == 1)
        assert lane.down
    finally:
        await lane.close()
