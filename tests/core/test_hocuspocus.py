"""Hocuspocus' framing, and one status for each change that a provider counts: no more, no fewer, none too soon."""

from hypothesis import given
from hypothesis import strategies as st

from collab.core import hocuspocus, messages
from collab.core.batch import Rejected
from collab.core.connection import Connection, Dialect, Person
from collab.core.effects import Effect, Send
from collab.core.errors import CollabError
from collab.core.hocuspocus import Kind
from collab.core.lib0 import var_string, var_uint

from .people import Desk, Hand, closes

SAVED, REFUSED = bytes((Kind.SYNC_STATUS, 1)), bytes((Kind.SYNC_STATUS, 0))


def seat(desk: Desk, user: int = 1, *, role: str = "editor") -> Connection:
    can_edit = role == "editor"
    connection = Connection(user * 10, Person(user, "ada", "#0f766e"), role, can_edit, Dialect.HOCUSPOCUS)
    assert desk.room.connect(connection, 0, time_ms=0) == [
        Send(connection.id, hocuspocus.encode_authenticated(can_edit=can_edit))
    ]
    return connection


def statuses(effects: list[Effect]) -> list[bytes]:
    return [e.frame for e in effects if isinstance(e, Send) and e.frame[0] == Kind.SYNC_STATUS]


def greet(desk: Desk, connection: Connection, hand: Hand) -> list[Effect]:
    return desk.hears(connection, messages.encode_step1(hand.doc.get_state()))


def test_a_provider_is_asked_for_what_it_has_after_it_was_told_what_there_is() -> None:
    desk = Desk()
    ada = seat(desk)
    answer = greet(desk, ada, Hand(5))
    assert [e.frame[:2] for e in answer if isinstance(e, Send)] == [b"\x00\x01", b"\x00\x00"]


def test_each_update_and_the_greeting_are_told_once_and_after_the_commit() -> None:
    desk, hand = Desk(), Hand(5)
    ada = seat(desk)
    greet(desk, ada, hand)
    assert statuses(desk.push(ada, hand.doc.get_update(), whole=True)) == []
    assert statuses(desk.commit()) == [SAVED]
    for letter in "abc":
        assert statuses(desk.push(ada, hand.write(letter))) == []
    assert statuses(desk.commit()) == [SAVED] * 3
    assert statuses(desk.push(ada, hand.doc.get_update(), whole=True) + desk.commit()) == []  # nobody counts that


def test_what_waited_for_the_socket_is_a_part_of_the_greeting() -> None:
    desk, hand = Desk(), Hand(5)
    ada = seat(desk)
    before = [hand.write("one "), hand.write("two ")]
    greet(desk, ada, hand)
    after = hand.write("three")
    for update in (*before, after):
        desk.push(ada, update)
    assert statuses(desk.commit()) == [SAVED]
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert statuses(desk.commit()) == [SAVED]
    assert desk.text() == "one two three"


def test_a_second_greeting_starts_the_count_again() -> None:
    desk, hand = Desk(), Hand(5)
    ada = seat(desk)
    greet(desk, ada, hand)
    desk.push(ada, hand.doc.get_update(), whole=True)
    desk.commit()
    desk.push(ada, hand.write("a"))
    greet(desk, ada, hand)
    assert statuses(desk.commit()) == []
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert statuses(desk.commit()) == [SAVED]


def test_what_was_dropped_before_a_whole_is_told_with_it() -> None:
    desk, hand = Desk(), Hand(5)
    ada = seat(desk)
    greet(desk, ada, hand)
    desk.push(ada, hand.doc.get_update(), whole=True)
    desk.commit()
    hand.write("lost ")  # never sent
    desk.push(ada, hand.write("missing "))
    desk.commit()
    desk.push(ada, hand.write("dropped"))
    assert ada.resync
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert statuses(desk.commit()) == [SAVED] * 2
    assert desk.text() == "lost missing dropped"


def test_a_reader_is_told_at_once_and_its_edits_are_refused() -> None:
    desk, hand = Desk(), Hand(5)
    vera = seat(desk, role="viewer")
    answer = greet(desk, vera, hand)
    assert statuses(answer) == [SAVED]
    assert messages.encode_step1(b"\x00") not in [e.frame for e in answer if isinstance(e, Send)]
    assert statuses(desk.push(vera, hand.write("no"))) == [REFUSED]
    assert desk.commit() == []
    assert statuses(greet(desk, vera, hand)) == [REFUSED]  # it holds what nobody stored


def test_a_right_that_was_lost_refuses_and_one_that_was_gained_asks_for_everything() -> None:
    desk, hand = Desk(), Hand(5)
    ada = seat(desk)
    greet(desk, ada, hand)
    desk.push(ada, hand.doc.get_update(), whole=True)
    desk.commit()
    desk.push(ada, hand.write("kept"))
    batch, _ = desk.room.prepare()
    assert batch is not None
    assert statuses(desk.room.rejected(Rejected(users=frozenset({1})))) == [REFUSED]
    desk.reload()
    told = desk.room.set_access(ada, role="viewer", can_edit=False)
    assert told == [Send(ada.id, hocuspocus.encode_authenticated(can_edit=False))]
    gained = desk.room.set_access(ada, role="editor", can_edit=True)
    assert [e.frame[:2] for e in gained if isinstance(e, Send)] == [b"\x02\x02", b"\x00\x00"]
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert statuses(desk.commit()) == [SAVED]
    assert desk.text() == "kept"


def test_a_full_document_ends_for_the_provider() -> None:
    desk, hand = Desk(max_document_bytes=2_000), Hand(5)
    ada = seat(desk)
    greet(desk, ada, hand)
    desk.push(ada, hand.write("x" * 4_000))
    assert closes(desk.commit()) == {ada.id: 1009}


class Page:
    """A provider, as it counts: 3.4 `HocuspocusProvider.ts`. What it makes before there is a socket waits, and is sent
    once the server has said something, though the count has begun again by then.
    """

    def __init__(self, desk: Desk, *, made_before: int) -> None:
        self.desk = desk
        self.connection = seat(desk)
        self.hand = Hand(5)
        self.waiting = [messages.encode_update(self.hand.write("b")) for _ in range(made_before)]
        self.up = [messages.encode_step1(self.hand.doc.get_state())]
        self.count = 1
        self.asked = 0
        self.synced = False

    def edit(self) -> None:
        self.up.append(messages.encode_update(self.hand.write("a")))
        self.count += 1

    def flush(self) -> None:
        self.up += self.waiting
        self.waiting.clear()

    def answer(self) -> None:
        if self.asked:
            self.asked -= 1
            self.up.append(messages.encode_step2(self.hand.doc.get_update()))

    def carry(self) -> None:
        if self.up:
            self.hear(self.desk.hears(self.connection, self.up.pop(0)))

    def commit(self) -> None:
        self.hear(self.desk.commit())

    def hear(self, effects: list[Effect]) -> None:
        for frame in [each.frame for each in effects if isinstance(each, Send)]:
            self.count -= frame == SAVED
            self.asked += frame[:2] == b"\x00\x00"
            self.synced |= frame[:2] == b"\x00\x01"
        assert self.count >= 0
        if self.count == 0 and self.synced:
            assert self.desk.text() == str(self.hand.text)


@given(st.integers(0, 3), st.lists(st.sampled_from(["edit", "carry", "commit", "answer", "flush"])))
def test_a_count_of_zero_means_committed_in_every_order_and_it_comes_to_zero(made_before: int, acts: list[str]) -> None:
    page = Page(Desk(), made_before=made_before)
    for act in [*acts, "flush"]:
        getattr(page, act)()
    while page.up or page.asked:
        page.commit()
        page.answer()
        page.carry()
    page.commit()
    assert (page.count, page.desk.text()) == (0, str(page.hand.text))


@given(st.binary(max_size=200))
def test_no_frame_raises_anything_but_our_own(frame: bytes) -> None:
    try:
        said = hocuspocus.split(frame, max_bytes=150)
        if said.kind is Kind.AUTH:
            hocuspocus.read_token(said.body)
    except CollabError:
        pass


@given(st.text(max_size=30), st.text(max_size=40), st.none() | st.text(max_size=10))
def test_a_token_is_read_with_and_without_a_version_behind_it(name: str, token: str, version: str | None) -> None:
    frame = hocuspocus.named(name, var_uint(Kind.AUTH) + b"\0" + var_string(token))
    frame += b"" if version is None else var_string(version)
    said = hocuspocus.split(frame, max_bytes=1_000)
    assert (said.name, said.kind, hocuspocus.read_token(said.body)) == (name, Kind.AUTH, token)
