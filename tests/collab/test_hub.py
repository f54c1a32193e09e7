"""The rooms of a process: loaded once, unloaded when idle, told of every change of rights."""

import asyncio
import resource
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import OperationalError

from collab.admission import people_of
from collab.core.batch import Committed, Later, Outcome
from collab.core.connection import Dialect
from collab.core.connection import Person as Identity
from collab.core.effects import Reload
from collab.core.pieces import pieces
from collab.core.replica import Opened, open_doc
from collab.hub import Hub, Unavailable
from collab.live import LiveRoom, Member, open_aside
from collab.memory import give_back
from collab.relay import Delta
from documents import log
from documents.models import Document
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import write_role
from tests.conftest import Person
from tests.pen import Pen
from tests.signed_in import session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tuned() -> dict[str, Any]:
    return {"ROOM_KEEP_WARM_MS": 1, "SWEEP_INTERVAL_MS": 50, "POLL_INTERVAL_MS": 50}


class Guest(Pen):
    """A pen on a hub, without a socket."""

    def __init__(
        self, hub: Hub, live: LiveRoom, user: User, role: Role, *, person: Identity | None = None, **entering: Any
    ) -> None:
        super().__init__()
        self.hub, self.live = hub, live
        self.code: int | None = None
        self.changed = asyncio.Event()
        self._answers: list[bytes] = []
        step1 = self.greet()
        self.member: Member = hub.enter(
            live,
            person=person or Identity(user.pk, user.name, user.color),
            role=role,
            session=session_of(user),
            dialect=Dialect.COSCRIBE,
            send=self._send,
            **entering,
        )
        live.receive(self.member, step1)
        self.answer()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self._answers += self.take(message["bytes"])
        self.changed.set()

    def answer(self) -> None:
        while self._answers:
            self.live.receive(self.member, self._answers.pop(0))

    def write(self, text: str) -> None:
        self.text += text
        frame = self.push()
        assert frame is not None
        self.live.receive(self.member, frame)

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not true():
                self.changed.clear()
                await self.changed.wait()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_room_is_loaded_once_however_many_come(
    hub: Hub, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[uuid.UUID] = []
    real = log.load

    def counted(document: uuid.UUID) -> log.Loaded | None:
        loads.append(document)
        return real(document)

    monkeypatch.setattr(log, "load", counted)
    rooms = await asyncio.gather(*(hub.open(minutes.pk) for _ in range(20)))
    assert len(loads) == 1
    assert len(set(map(id, rooms))) == 1


async def test_a_failed_load_leaves_nothing_and_the_next_one_may_succeed(
    hub: Hub, minutes: Document, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: uuid.UUID) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(log, "load", broken)
        results = await asyncio.gather(*(hub.open(minutes.pk) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3
    assert hub.rooms == []
    assert (await hub.open(minutes.pk)).document == minutes.pk


async def test_a_document_that_does_not_exist_has_no_room(hub: Hub) -> None:
    with pytest.raises(Unavailable):
        await hub.open(uuid.uuid4())
    assert hub.rooms == []


async def test_what_one_types_is_committed_and_the_other_sees_it(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    one, other = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, ada, Role.OWNER)
    one.write("hello")
    await other.until(lambda: str(other) == "hello")
    await one.until(lambda: one.acked == [(1, 1)])
    loaded = await sync_to_async(log.load)(minutes.pk)
    assert loaded is not None
    assert loaded.head == 1


async def test_an_idle_room_is_unloaded_and_comes_back_with_its_text(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    guest.write("kept")
    await guest.until(lambda: guest.acked)
    hub.leave(live, guest.member)
    await until(lambda: not hub.rooms)
    again = Guest(hub, await hub.open(minutes.pk), ada, Role.OWNER)
    assert str(again) == "kept"


async def test_a_lost_announcement_is_caught_by_the_sweep(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    stranger, owner = Guest(hub, live, bob, Role.EDITOR), Guest(hub, live, ada, Role.OWNER)
    await stranger.until(lambda: stranger.code is not None)
    assert stranger.code == 4403
    await Session.objects.filter(session_key=session_of(ada)).adelete()
    await owner.until(lambda: owner.code is not None)
    assert owner.code == 4401


async def test_a_password_that_was_changed_elsewhere_ends_the_sockets_with_the_sweep(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    """`manage.py changepassword` announces nothing and deletes no session."""
    await sync_to_async(write_role)(obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    one, other = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    ada.set_password("another horse")
    await ada.asave()
    await one.until(lambda: one.code is not None)
    assert one.code == 4401
    assert other.code is None


def test_many_sessions_are_looked_up_with_as_few_questions_as_one(
    person: Person, django_assert_num_queries: Any
) -> None:
    people = {session_of(user): user.pk for user in map(person, ("ada", "bob", "carol"))}
    with django_assert_num_queries(2):
        assert {key: found.user for key, found in people_of([*people, "nobody's"]).items()} == people


async def test_a_deleted_document_closes_its_people_by_the_poll(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    await Document.objects.filter(pk=minutes.pk).aupdate(trashed_at=minutes.created_at)
    await guest.until(lambda: guest.code is not None)
    assert guest.code == 4404
    assert hub.rooms == []


async def test_rows_that_another_process_wrote_are_found_by_the_poll(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    elsewhere = Pen()
    elsewhere.text += "from elsewhere"
    row = log.Row(ada.pk, elsewhere.doc.get_update())
    append = [log.Append(minutes.pk, 0, (row,))]
    await sync_to_async(log.append)(append, clients_of=lambda _: ())
    await guest.until(lambda: str(guest) == "from elsewhere")


async def test_a_state_is_written_when_the_log_has_grown(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.settings = hub.settings | {"COMPACT_AFTER_UPDATES": 3}
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    for letter in "abcd":
        guest.write(letter)
        await guest.until(lambda: guest.saved_all)
    await until(lambda: live.tail.rows < 3)
    state = await minutes.states.order_by("-seq").afirst()
    assert state is not None
    assert live.tail.folded == len(state.payload)
    hub.forget(live)
    assert (await hub.open(minutes.pk)).tail.folded == len(state.payload)


async def test_more_sockets_than_a_person_may_open_find_no_place(hub: Hub, ada: User, minutes: Document) -> None:
    hub.settings = hub.settings | {"MAX_CONNECTIONS_PER_USER": 2}
    live = await hub.open(minutes.pk)
    guests = [Guest(hub, live, ada, Role.OWNER) for _ in range(2)]
    assert not hub.has_place_for(ada.pk)
    hub.leave(live, guests[0].member)
    assert hub.has_place_for(ada.pk)


async def test_a_room_that_cannot_be_loaded_again_lets_its_people_go(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)

    def broken(document: uuid.UUID) -> None:
        raise log.LogBroken(document, expected=2, actual=1)

    monkeypatch.setattr(log, "load", broken)
    live.carry_out([Reload()])
    await guest.until(lambda: guest.code is not None)
    assert guest.code == 4508
    assert hub.rooms == []


async def test_a_commit_that_ends_after_its_room_harms_nobody(hub: Hub, ada: User, minutes: Document) -> None:
    other = await Document.objects.acreate(owner=ada)
    await sync_to_async(write_role)(obj=other, to=ada, role=Role.OWNER)
    live, healthy = await hub.open(minutes.pk), await hub.open(other.pk)
    guest, reader = Guest(hub, live, ada, Role.OWNER), Guest(hub, healthy, ada, Role.OWNER)
    guest.write("late")
    batch = live.prepare()
    assert batch is not None
    live.vanish()
    live.settle(Committed(2, 2, 0, [b"\xff"]))
    reader.write("still here")
    await reader.until(lambda: reader.acked)


async def test_an_error_in_one_room_ends_that_room_alone(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)

    def broken(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(live.room, "committed", broken)
    guest.write("x")
    await guest.until(lambda: guest.code is not None)
    assert guest.code == 4508
    again = Guest(hub, await hub.open(minutes.pk), ada, Role.OWNER)
    assert str(again) == "x"  # it was committed, only not acknowledged
    again.write("y")
    await again.until(lambda: again.acked)


async def test_news_that_breaks_a_room_ends_that_room_and_not_the_listening(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(live.room, "receive_remote", broken)
    hub.hear(Delta(minutes.pk, "south", 1, 1, b"x"))
    await guest.until(lambda: guest.code is not None)
    assert guest.code == 4508
    assert "cannot go on" in caplog.text


async def test_news_of_another_processs_commit_lets_a_batch_try_again_that_waits_for_the_lock(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collab.journal.LOCK_RETRY_S", 3600)
    commit, tried = hub.store.commit, asyncio.Event()

    async def locked_once(batches: Any) -> list[Outcome]:
        if tried.is_set():
            return await commit(batches)
        tried.set()
        return [Later()]

    monkeypatch.setattr(hub.store, "commit", locked_once)
    guest = Guest(hub, await hub.open(minutes.pk), ada, Role.OWNER)
    guest.write("x")
    await tried.wait()
    await asyncio.sleep(0)
    hub.hear(Delta(minutes.pk, "south", 1, 1, b""))
    await guest.until(lambda: guest.acked)


async def test_while_a_large_document_is_loaded_the_others_edits_are_committed(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = await sync_to_async(Document.objects.create_for)(owner=ada, title="Large")
    state = await store_large(large, ada, letters=80_000)
    one = Guest(hub, await hub.open(minutes.pk), ada, Role.OWNER)
    await one.until(lambda: one.synced)
    began, may_go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(updates: Sequence[bytes]) -> Opened:
        loop.call_soon_threadsafe(began.set)
        assert may_go_on.wait(10)
        return open_doc(updates)

    monkeypatch.setattr("collab.live.open_doc", slowly)
    opening = asyncio.create_task(hub.open(large.pk))
    await began.wait()
    one.write("meanwhile")
    await one.until(lambda: one.acked)
    assert not opening.done()
    may_go_on.set()
    live = await opening
    assert live.room.replica.size == len(state)
    other = Guest(hub, live, ada, Role.OWNER)
    await other.until(lambda: len(str(other)) == 80_000)
    other.write("y")
    await other.until(lambda: other.acked)


async def test_a_large_document_is_put_together_in_steps_between_which_the_loop_turns() -> None:
    pen = Pen()
    with pen.doc.transaction():
        for _ in range(80_000):
            pen.text.insert(0, "x")
    state = pen.doc.get_update()
    applied = len(list(pieces(state)))
    assert applied > 3
    opening, turns = asyncio.create_task(open_aside([state])), 0
    while not opening.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > applied
    assert isinstance(await opening, Opened)


async def test_memory_that_a_large_document_took_is_given_back_when_its_room_is_unloaded(
    hub: Hub, ada: User, minutes: Document
) -> None:
    await store_large(minutes, ada, letters=600_000)  # 4 MiB, and 200 MB in yrs
    give_back()
    before = resident_mb()
    await hub.open(minutes.pk)
    taken = resident_mb() - before
    assert taken > 50
    await until(lambda: not hub.rooms and resident_mb() - before < 0.4 * taken)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def store_large(document: Document, author: User, *, letters: int) -> bytes:
    """A document of letters that were typed each before the last: the most structs that so many bytes can have."""
    pen = Pen()
    with pen.doc.transaction():
        for _ in range(letters):
            pen.text.insert(0, "x")
    state = pen.doc.get_update()
    row = log.Append(document.pk, 0, (log.Row(author.pk, state, claims=(pen.doc.client_id,)),))
    await sync_to_async(log.append)([row], clients_of=lambda _: ())
    return state
