"""A room whose log has lost rows: what pages return, and what must not be acknowledged."""

from datetime import UTC, datetime

import pytest

from collab.core import contents, messages
from collab.core.batch import Rejected
from collab.core.footprint import next_struct
from collab.core.lib0 import state_vector
from collab.core.messages import Type
from collab.core.replica import Replica
from collab.core.room import COMPARED_BYTES
from tests.hostile import forge

from .people import Desk, Hand, closes, frames_to, reloads


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.room.restored, desk.room.restored_at = True, datetime(2026, 1, 1, tzinfo=UTC)
    return desk


def present(client: int) -> bytes:
    return messages.encode_awareness([messages.encode_awareness_entry(client, 1, b"{}")])


def test_a_batch_says_of_which_log_it_is(desk: Desk) -> None:
    desk.push(desk.seat(1), Hand(5).write("a"))
    batch, _ = desk.room.prepare()
    assert batch is not None
    assert batch.restored_at == desk.room.restored_at


def test_only_what_came_in_answers_counts_as_returned(desk: Desk) -> None:
    ada, hand, other = desk.seat(1), Hand(5), Hand(6)
    desk.push(ada, hand.write("a"), whole=True)
    desk.push(ada, other.write("b"), whole=True)
    desk.push(ada, hand.write("c"))
    [entry], _ = desk.prepare()
    assert (entry.claims, entry.returned) == ((5, 6), (6,))


def test_another_content_under_a_clock_of_the_log_is_not_acknowledged(desk: Desk) -> None:
    """Somebody else put words there, while the author was away."""
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    hand = Hand(5)
    first = hand.write("abc")
    desk.push(bob, first, whole=True)
    desk.commit()
    desk.push(bob, Hand(5, after=first).write("Z"), whole=True)
    desk.commit()
    desk.push(ada, hand.write("d"))
    effects = desk.commit()
    assert closes(effects) == {ada.id: 4409}
    assert Type.ACK not in frames_to(ada, effects)
    assert desk.text() == "abcZ"


def test_the_same_content_is_acknowledged_whoever_brought_it(desk: Desk) -> None:
    ada, bob, hand = desk.seat(1), desk.seat(2, "bob"), Hand(5)
    hand.write("a\U0001f600c")
    hand.delete(0, 1)
    desk.push(bob, hand.doc.get_update(), whole=True)
    desk.commit()
    desk.push(ada, hand.doc.get_update(), whole=True)
    effects = desk.commit()
    assert closes(effects) == {}
    assert frames_to(ada, effects) == [Type.ACK]


def test_what_somebody_who_is_here_writes_is_awaited_from_themselves(desk: Desk) -> None:
    ada, bob, hand = desk.seat(1), desk.seat(2, "bob"), Hand(5)
    desk.hears(ada, present(5))
    update = hand.write("mine")
    desk.push(bob, update, whole=True)
    assert desk.prepare() == ((), [])
    assert frames_to(bob, desk.room.tick(0)) == [0]  # asked again
    desk.push(ada, update, whole=True)
    desk.commit()
    desk.push(bob, b"\x00\x00", whole=True)
    assert frames_to(bob, desk.commit()) == [Type.ACK]
    assert frames_to(bob, desk.room.tick(0)) == []
    assert desk.text() == "mine"


def test_who_says_it_for_long_is_judged_by_the_database(desk: Desk) -> None:
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.hears(ada, present(5))
    forged = Hand(5).write("forged")
    for _ in range(30):
        desk.push(bob, forged, whole=True)
        assert desk.prepare() == ((), [])
    desk.push(bob, forged, whole=True)
    [entry], _ = desk.prepare()
    assert (entry.held, entry.returned) == ((5,), (5,))


def test_who_was_put_off_for_long_is_put_off_again_when_all_was_saved(desk: Desk) -> None:
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.hears(ada, present(5))
    for _ in range(30):
        desk.push(bob, Hand(5).write("ada's"), whole=True)
        assert desk.prepare() == ((), [])
    desk.push(bob, Hand(6).write("his own"), whole=True)
    assert frames_to(bob, desk.commit()) == [Type.ACK]
    desk.push(bob, Hand(7, after=Hand(8).write("unseen")).write("stands on it"))
    assert frames_to(bob, desk.commit()) == [0], "asked at once"
    assert frames_to(bob, desk.room.tick(0)) == [], "and not again"
    desk.push(bob, Hand(5).write("ada's"), whole=True)
    assert desk.prepare() == ((), [])
    assert frames_to(bob, desk.room.tick(0)) == [0]


def test_who_is_put_off_is_asked_again_though_what_came_before_was_saved(desk: Desk) -> None:
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.hears(ada, present(5))
    desk.push(bob, Hand(6).write("his own"))
    desk.push(bob, Hand(5).write("ada's"), whole=True)
    assert frames_to(bob, desk.commit()) == [Type.ACK]
    assert frames_to(bob, desk.room.tick(0)) == [0]


def test_who_returns_too_much_is_not_asked_again_and_again(desk: Desk) -> None:
    full = Desk(max_document_bytes=10_000)
    full.room.restored, full.room.restored_at = True, desk.room.restored_at
    ada, bob = full.seat(1), full.seat(2, "bob")
    full.hears(ada, present(5))
    for _ in range(31):
        full.push(bob, Hand(5).write("x" * 20_000), whole=True)
        _, effects = full.prepare()
    assert frames_to(bob, effects) == [Type.REFUSED]
    assert frames_to(bob, full.room.tick(0)) == []


def test_a_reader_who_is_here_writes_nothing(desk: Desk) -> None:
    ada, bob = desk.seat(1, role="viewer"), desk.seat(2, "bob")
    desk.hears(ada, present(5))
    desk.push(bob, Hand(5).write("ada's"), whole=True)
    [entry], _ = desk.prepare()
    assert (entry.held, entry.returned) == ((), (5,))


def test_who_has_typed_here_writes_though_nobody_sees_them(desk: Desk) -> None:
    ada, bob, hand = desk.seat(1), desk.seat(2, "bob"), Hand(5)
    first = hand.write("abc")
    desk.push(ada, first)
    desk.commit()
    desk.push(bob, Hand(5, after=first).write("Z"), whole=True)
    assert desk.prepare() == ((), [])


@pytest.mark.parametrize("lost", ["the right", "the token"])
def test_what_is_in_the_log_is_acknowledged_and_only_what_came_later_refused(lost: str) -> None:
    """The answer to a commit was lost, then its author lost the right."""
    desk = Desk()
    bob, hand = desk.seat(2, "bob"), Hand(6)
    bob.token = 5
    desk.push(bob, hand.write("committed "))
    batch, _ = desk.room.prepare()
    assert batch is not None
    desk.rows += [entry.delta for entry in batch.entries if entry.delta]
    desk.push(bob, hand.write("later"))
    assert reloads(desk.room.rejected(Rejected()))
    desk.reload()
    _, effects = desk.prepare()
    assert frames_to(bob, effects) == [Type.ACK]
    batch, _ = desk.room.prepare()
    assert batch is not None
    refusal = Rejected(users=frozenset({2})) if lost == "the right" else Rejected(tokens=frozenset({5}))
    assert Type.REFUSED in frames_to(bob, desk.room.rejected(refusal))
    desk.reload()
    assert desk.text() == "committed "


def test_edits_of_one_connection_keep_their_order_when_some_are_prepared_by_themselves() -> None:
    desk = Desk()
    ada, hand = desk.seat(1), Hand(5)
    for word in "one ", "two ":
        desk.push(ada, hand.write(word))
    desk.prepare()
    for word in "three ", "four ":
        desk.push(ada, hand.write(word))
    desk.room.rejected(Rejected())
    desk.reload()
    desk.commit()
    assert desk.text() == "one two "
    desk.commit()
    assert desk.text() == "one two three four "


# -- what is held against the log ----------------------------------------------------------------------------------


def returned(desk: Desk, letters: int) -> bytes:
    """A document of one writer, who is not here, letter by letter: somebody has returned it."""
    hand = Hand(5)
    with hand.doc.transaction():
        for _ in range(letters):
            hand.text.insert(0, "x")
    update = hand.doc.get_update()
    desk.push(desk.seat(9, "zoe"), update, whole=True)
    desk.commit()
    return update


def test_who_repeats_a_struct_again_and_again_is_put_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven bytes, for which the server reads its own side."""
    steps = []

    def count(data: bytes, at: int, own: bytes, needs: dict[int, int]) -> tuple[int, int, int]:
        steps.append(at)
        return next_struct(data, at, own, needs)

    returned(desk, 30_000)
    monkeypatch.setattr(contents, "next_struct", count)
    eve, first = desk.seat(2, "eve"), forge.update(5, forge.text("x"))
    for _ in range(1000):
        desk.push(eve, first)
    assert closes(desk.commit()) == {eve.id: 1013}
    assert 20 < len(steps) < 400, "two structs a frame"
    steps.clear()
    desk.push(eve, first)
    desk.commit()
    assert steps == []


def test_who_has_the_first_and_the_last_letter_compared_is_put_out_sooner(desk: Desk) -> None:
    returned(desk, 30_000)
    eve = desk.seat(2, "eve")
    ends = forge.update(5, forge.text("x"), forge.collected(29_998), forge.text("x"))
    for _ in range(20):
        desk.push(eve, ends)
    assert closes(desk.commit()) == {eve.id: 1013}
    assert -20 < eve.comparisons.left < 0, "it has had one comparison too many, at the most"


def test_credit_comes_back_with_time(desk: Desk) -> None:
    update = returned(desk, 10)
    ada = desk.seat(1)
    ada.comparisons.left = -5
    desk.now = 4_000
    desk.push(ada, update, whole=True)
    assert closes(desk.commit()) == {ada.id: 1013}
    bob = desk.seat(2, "bob")
    bob.comparisons.left, bob.comparisons.at_ms = -5, 4_000
    desk.now = 9_000
    desk.push(bob, update, whole=True)
    assert frames_to(bob, desk.commit()) == [Type.ACK]


def test_a_page_returns_a_whole_document_that_another_returned_before_it_and_goes_on(desk: Desk) -> None:
    """More than its credit, in one piece: it is taken, and what is new is not compared."""
    hand = Hand(5)
    hand.write("x" * 40 * COMPARED_BYTES)
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.push(ada, hand.doc.get_update(), whole=True)
    desk.commit()
    desk.push(bob, hand.doc.get_update(), whole=True)
    assert frames_to(bob, desk.commit()) == [Type.ACK]
    assert bob.comparisons.left < -20
    own = Hand(6, after=hand.doc.get_update())
    for word in "one", "two":
        desk.push(bob, own.write(word))
        assert frames_to(bob, desk.commit()) == [Type.ACK]
    desk.hears(bob, messages.encode_step1(state_vector({})))
    assert bob.id in desk.room.connections


def test_a_return_that_is_prepared_again_after_somebody_elses_forgery_is_not_charged_twice(desk: Desk) -> None:
    hand = Hand(5)
    hand.write("x" * 40 * COMPARED_BYTES)
    ada = desk.seat(1)
    desk.push(ada, hand.doc.get_update(), whole=True)
    desk.commit()
    desk.room.disconnect(ada, 0)
    bob, eve = desk.seat(2, "bob"), desk.seat(3, "eve")
    hand.write("news")
    desk.push(bob, hand.doc.get_update(), whole=True)
    desk.push(eve, Hand(7).write("forged"))
    desk.prepare()
    assert closes(desk.room.rejected(Rejected(forged=frozenset({7})))) == {eve.id: 4409}
    desk.reload()
    assert frames_to(bob, desk.commit()) == [Type.ACK]


def test_what_is_put_off_is_not_compared_yet(desk: Desk) -> None:
    ada, bob, hand = desk.seat(1), desk.seat(2, "bob"), Hand(5)
    desk.hears(ada, present(5))
    desk.push(ada, hand.write("saved"))
    desk.commit()
    hand.write(" and lost")
    before = bob.comparisons.left
    for _ in range(10):
        desk.push(bob, hand.doc.get_update(), whole=True)
        desk.commit()
    assert (bob.put_off, bob.comparisons.left) == (10, before)


def test_the_log_is_not_read_from_the_middle_of_a_character(desk: Desk) -> None:
    """yrs leaves out the half, and writes what comes after it in its place."""
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.push(ada, forge.update(5, forge.text("\U0001f600b")))
    desk.commit()
    desk.push(bob, forge.update(5, forge.collected(1), forge.text("b")))
    assert closes(desk.commit()) == {bob.id: 4409}


def test_a_document_of_many_writers_costs_more_to_compare_with() -> None:
    replica = Replica()
    replica.load(1, [forge.update(client, forge.text("x")) for client in range(1, 501)])
    found = replica.compare(forge.update(5, forge.text("x")), {5: (0, 1)})
    assert found.agrees
    assert found.read > 8 * 500, "the state vector is written"
    replica.unload()
