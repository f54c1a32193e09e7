"""Who is here: stamped, owned, bounded, and gone in time."""

import json
from typing import Any

import pytest

from collab.core import messages
from collab.core.connection import Connection, Person
from collab.core.effects import Broadcast, Effect, PublishPresence
from collab.core.lib0 import read_var_bytes, var_bytes
from collab.core.presence import RESTART_GRACE_MS

from .people import Desk, closes


def say(
    desk: Desk, connection: Connection, state: Any, *, client: int = 5, clock: int = 1, raw: bytes | None = None
) -> list[Effect]:
    entry = messages.encode_awareness_entry(client, clock, json.dumps(state).encode() if raw is None else raw)
    return desk.hears(connection, messages.encode_awareness([entry]))


def heard(desk: Desk) -> dict[int, tuple[int, Any]]:
    """What a flush broadcasts: client id -> (clock, state)."""
    entries: dict[int, tuple[int, Any]] = {}
    for effect in desk.room.flush_presence():
        if isinstance(effect, Broadcast):
            message = messages.decode(b"\x01" + var_bytes(read_var_bytes(effect.stock, 1)[0]))
            assert isinstance(message, messages.Awareness)
            entries |= {e.client: (e.clock, json.loads(e.state)) for e in message.entries}
    return entries


def test_the_server_says_who_somebody_is() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 3, "user": {"name": "The Queen", "color": "red;x", "id": "9"}})
    person = {"id": "1", "name": "ada", "color": "#0f766e", "guest": False}
    assert heard(desk) == {5: (1, {"cursor": 3, "user": person})}


def test_only_the_latest_state_of_a_person_is_sent() -> None:
    desk = Desk()
    ada = desk.seat(1)
    for clock in range(1, 20):
        say(desk, ada, {"cursor": clock}, clock=clock)
    assert heard(desk)[5][0] == 19
    assert heard(desk) == {}


def test_a_person_is_not_sent_their_own_state() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    say(desk, ada, {"cursor": 1})
    (broadcast,) = [e for e in desk.room.flush_presence() if isinstance(e, Broadcast)]
    assert broadcast.without == {ada.id}
    say(desk, ada, {"cursor": 2}, clock=2)
    say(desk, bob, {"cursor": 2}, client=6)
    effects = desk.room.flush_presence()
    assert {e.connection for e in effects if hasattr(e, "connection")} == {ada.id, bob.id}


def test_nobody_moves_or_removes_somebody_else() -> None:
    desk = Desk()
    ada, eve = desk.seat(1), desk.seat(9, "eve")
    say(desk, ada, {"cursor": 1})
    heard(desk)
    say(desk, eve, {"cursor": 666}, clock=50)
    say(desk, eve, None, clock=51)
    assert heard(desk) == {}


def test_an_old_clock_changes_nothing() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 2}, clock=5)
    heard(desk)
    say(desk, ada, {"cursor": 1}, clock=4)
    assert heard(desk) == {}


def test_a_tab_that_repeats_what_it_hears_of_another_takes_nothing_over() -> None:
    """Stock clients do, for the tabs of the same person too: they would pass each other's states on for ever."""
    desk = Desk()
    ada, tab = desk.seat(1, stock=True), desk.seat(1, stock=True)
    say(desk, ada, {"cursor": 1}, clock=3)
    heard(desk)
    say(desk, tab, {"cursor": 1}, clock=3)
    assert heard(desk) == {}
    say(desk, tab, {"cursor": 2}, clock=4)  # newer: the same person, on a new socket
    assert heard(desk)[5][0] == 4


def test_a_state_that_is_taken_back_and_said_again_is_still_the_same_id() -> None:
    desk = Desk(max_awareness_ids=1)
    ada = desk.seat(1)
    for clock, state in ((1, {"cursor": 1}), (2, None), (3, {"cursor": 2})):
        assert closes(say(desk, ada, state, clock=clock)) == {}


def test_a_quick_reconnect_does_not_blink() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 1})
    heard(desk)
    desk.room.disconnect(ada, 1000)
    back = desk.seat(1)
    say(desk, back, {"cursor": 1})
    desk.room.presence.expire(60_000 // 2)
    assert heard(desk) == {5: (2, {"cursor": 1, "user": back.person.stamp})}


def test_who_left_is_gone_after_the_grace_and_is_seen_again_on_return() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 1}, clock=8)
    heard(desk)
    desk.room.disconnect(ada, 1000)
    desk.room.tick(5000)
    assert heard(desk) == {5: (8, None)}
    back = desk.seat(1)
    say(desk, back, {"cursor": 1}, clock=8)  # the same clock: peers would ignore it, were it not raised
    assert heard(desk)[5][0] == 9


def test_who_is_silent_too_long_is_gone() -> None:
    desk = Desk()
    desk.now = 1000
    ada = desk.seat(1, stock=True)
    say(desk, ada, {"cursor": 1})
    heard(desk)
    desk.room.tick(36_001)
    assert heard(desk) == {5: (1, None)}


def test_a_person_who_lost_access_does_not_linger() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 1})
    heard(desk)
    desk.room.set_access(ada, role=None, can_edit=False)
    assert heard(desk) == {5: (1, None)}


@pytest.mark.parametrize(
    "raw",
    [b"NaN", b'{"a":NaN}', b'{"a":1e999}', b"[]", b"5", b"", b"{", b"\xff", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"],
)
def test_a_state_that_is_no_json_object_closes_its_sender(raw: bytes) -> None:
    desk = Desk()
    ada = desk.seat(1)
    assert closes(say(desk, ada, None, raw=raw)) == {ada.id: 4400}
    assert heard(desk) == {}


def test_a_state_over_the_bound_closes_its_sender() -> None:
    desk = Desk(max_awareness_bytes=100)
    ada = desk.seat(1)
    assert closes(say(desk, ada, {"cursor": "x" * 200})) == {ada.id: 1009}


def test_ids_are_bounded_per_connection() -> None:
    desk = Desk(max_awareness_ids=2)
    ada = desk.seat(1)
    assert closes(say(desk, ada, {}, client=5)) == {}
    assert closes(say(desk, ada, {}, client=6)) == {}
    assert closes(say(desk, ada, {}, client=7)) == {ada.id: 1009}


def test_a_new_name_is_shown_without_the_client_saying_anything() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    say(desk, ada, {"cursor": 3}, clock=7)
    say(desk, bob, {"cursor": 4}, client=6)
    heard(desk)
    desk.room.rename(ada, Person(1, "Ada L.", "#be185d"))
    named = {"cursor": 3, "user": {"id": "1", "name": "Ada L.", "color": "#be185d", "guest": False}}
    assert heard(desk) == {5: (8, named)}
    desk.room.rename(ada, Person(1, "Ada L.", "#be185d"))
    assert heard(desk) == {}
    say(desk, ada, {"cursor": 9}, clock=8)  # what the client says next is newer still
    assert heard(desk) == {5: (9, named | {"cursor": 9})}


def test_a_newcomer_sees_who_is_here() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 1})
    bob = Connection(99, ada.person, "viewer", False, ada.dialect)  # noqa: FBT003
    effects = desk.room.connect(bob, 0, time_ms=0)
    assert any(b'"cursor":1' in e.frame for e in effects if hasattr(e, "frame"))


def test_other_processes_hear_of_ours_and_we_of_theirs_but_not_in_a_circle() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 1})
    (published,) = [e for e in desk.room.flush_presence() if isinstance(e, PublishPresence)]
    assert [entry[0] for entry in published.entries] == [5]
    desk.room.presence.receive_remote("south", [(6, 3, b'{"user":{"id":"2"}}', 2)], 0)
    effects = desk.room.flush_presence()
    assert not any(isinstance(e, PublishPresence) for e in effects)
    assert any(isinstance(e, Broadcast) for e in effects)


def test_another_process_removes_only_its_own_people() -> None:
    desk = Desk()
    desk.seat(1)
    presence = desk.room.presence
    presence.receive_remote("south", [(6, 3, b"{}", 2)], 0)
    presence.receive_remote("west", [(6, 3, b"null", 2)], 0)
    assert len(presence) == 1
    presence.receive_remote("west", [(6, 4, b"{}", 2)], 0)  # the person moved there
    presence.receive_remote("south", [(6, 3, b"null", 2)], 0)
    assert len(presence) == 1
    presence.receive_remote("west", [(6, 4, b"null", 2)], 0)
    assert len(presence) == 0


def test_the_people_of_a_process_that_ended_as_planned_have_the_grace_to_come_back() -> None:
    desk = Desk()
    presence = desk.room.presence
    bob, cyd = (6, 3, b'{"a":1}', 2), (7, 3, b'{"a":1}', 3)
    presence.receive_remote("south", [bob, cyd], 0)
    heard(desk)
    presence.hand_over("south", 1000)
    assert heard(desk) == {}
    back = desk.seat(2, "bob")
    say(desk, back, {"cursor": 1}, client=6, clock=4)
    assert set(heard(desk)) == {6}
    presence.hand_over("south", 1500)  # what was said twice gives no more time, and takes nobody back
    desk.room.tick(1000 + RESTART_GRACE_MS - 1)
    assert heard(desk) == {}
    desk.room.tick(1000 + RESTART_GRACE_MS)
    assert heard(desk) == {7: (3, None)}


def test_who_is_sent_elsewhere_is_seen_for_the_whole_grace_however_long_silent() -> None:
    desk = Desk()
    ada = desk.seat(1)
    say(desk, ada, {"cursor": 1})
    heard(desk)
    assert closes(desk.room.part(ada, 9000, 4512, "the server restarts")) == {ada.id: 4512}
    desk.room.tick(9000 + RESTART_GRACE_MS - 1)
    assert heard(desk) == {}
    desk.room.tick(9000 + RESTART_GRACE_MS)
    assert heard(desk) == {5: (1, None)}


def test_the_people_of_a_killed_process_are_gone_in_time() -> None:
    desk = Desk()
    desk.seat(1)
    desk.room.presence.receive_remote("south", [(6, 3, b"{}", 2)], 0)
    heard(desk)
    desk.room.tick(35_001)
    assert heard(desk) == {6: (3, None)}
