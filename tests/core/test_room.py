"""The rules of a room, one by one."""

import pytest

from collab.core import messages
from collab.core.batch import Committed, Rejected
from collab.core.effects import Broadcast, CatchUp, Publish, Quarantine, Ready, Recheck, Send
from collab.core.messages import Type

from .people import Desk, Hand, closes, frames_to, reloads


def broadcasts(effects: list[object]) -> list[Broadcast]:
    return [effect for effect in effects if isinstance(effect, Broadcast)]


def test_nothing_leaves_before_the_commit() -> None:
    desk = Desk()
    ada, _ = desk.seat(1), desk.seat(2, "bob")
    assert desk.push(ada, Hand(5).write("hello")) == [Ready()]
    batch, effects = desk.room.prepare()
    assert batch is not None
    assert effects == []
    shown = desk.room.committed(Committed(1, 1, 7))
    assert len(broadcasts(list(shown))) == 1
    assert frames_to(ada, shown) == [Type.ACK]
    assert any(isinstance(effect, Publish) for effect in shown)


def test_the_broadcast_comes_before_the_acknowledgement() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("hello"))
    kinds = [type(effect) for effect in desk.commit()]
    assert kinds.index(Broadcast) < kinds.index(Send)


def test_a_step_1_during_a_cycle_is_answered_after_it() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob", synced=False)
    desk.push(ada, Hand(5).write("secret"))
    desk.room.prepare()
    assert desk.hears(bob, messages.encode_step1(b"\x00")) == []
    answer = desk.room.committed(Committed(1, 1, 7))
    assert frames_to(bob, answer) == [Type.STATE]
    assert [isinstance(e, Broadcast) for e in answer].index(True) < answer.index(
        next(e for e in answer if isinstance(e, Send) and e.connection == bob.id)
    )


def test_a_step_1_during_a_commit_that_does_not_end_is_answered_from_the_log() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("old"))
    old = next(each for each in desk.commit() if isinstance(each, Publish)).update
    bob = desk.seat(2, "bob", synced=False)
    desk.push(ada, Hand(6).write("new"))
    desk.room.prepare()
    desk.hears(bob, messages.encode_step1(b"\x00"))
    assert desk.room.answer_meanwhile(0, []) == [], "older than what he may have seen"
    [answer] = desk.room.answer_meanwhile(1, [old])
    assert isinstance(answer, Send)
    assert b"old" in answer.frame
    assert b"new" not in answer.frame
    assert bob.synced
    assert not desk.room.asked
    shown = broadcasts(list(desk.room.committed(Committed(2, 2, 7))))
    assert bob.id not in shown[0].without


def test_one_cycle_makes_one_row_for_each_author_and_one_frame_for_all() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    one, other = Hand(5), Hand(6)
    for letter in "abc":
        desk.push(ada, one.write(letter))
        desk.push(bob, other.write(letter.upper()))
    shown = desk.commit()
    assert len(desk.rows) == 2
    assert len(broadcasts(list(shown))) == 1
    assert sorted(desk.text()) == sorted("abcABC")
    assert Send(ada.id, messages.encode_ack(3, 2, 7)) in shown


def test_what_the_log_has_already_is_acknowledged_and_not_stored() -> None:
    desk = Desk()
    ada = desk.seat(1)
    update = Hand(5).write("hello")
    desk.push(ada, update)
    desk.commit()
    desk.push(ada, update)
    effects = desk.commit()
    assert len(desk.rows) == 1
    assert frames_to(ada, effects) == [Type.ACK]


def test_a_duplicate_of_an_uncommitted_edit_is_acknowledged_with_it_and_not_before() -> None:
    desk = Desk()
    ada, again = desk.seat(1), desk.seat(1)
    update = Hand(5).write("hello")
    desk.push(ada, update)
    desk.push(again, update)
    entries, effects = desk.prepare()
    assert [entry.delta is None for entry in entries] == [False, True]
    assert effects == []
    assert frames_to(again, desk.room.committed(Committed(1, 1, 7))) == [Type.ACK]


def test_an_edit_that_stands_on_an_uncommitted_one_of_somebody_else_waits_for_it() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    first = Hand(5).write("hello")
    second = Hand(6, after=first).write(" world")  # bob's browser has ada's edit from a tab beside it
    desk.push(ada, first)
    desk.push(bob, second)
    entries, _ = desk.prepare()
    assert [entry.user for entry in entries] == [1]
    desk.room.rejected(Rejected(users=frozenset({1})))
    desk.reload()
    entries, effects = desk.prepare()
    assert entries == ()  # and without it, it never is stored: bob is asked for all he has
    assert frames_to(bob, effects) == [Type.SYNC]


def test_a_refused_author_takes_nobody_with_him() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.push(ada, Hand(5).write("kept"))
    desk.push(bob, Hand(6).write("refused"))
    desk.prepare()
    effects = desk.room.rejected(Rejected(users=frozenset({2})))
    assert frames_to(bob, effects) == [Type.REFUSED]
    assert Recheck(frozenset({2})) in effects
    assert reloads(effects)
    desk.reload()
    assert frames_to(ada, desk.commit()) == [Type.ACK]
    assert desk.text() == "kept"


def test_a_refused_token_takes_not_even_its_own_person_with_it() -> None:
    desk = Desk()
    ada, robot = desk.seat(1), desk.seat(1)
    robot.token = 5
    desk.push(ada, Hand(7).write("a"))
    desk.push(robot, Hand(8).write("b"))
    batch, _ = desk.room.prepare()
    assert batch is not None
    assert [entry.token for entry in batch.entries] == [None, 5]
    effects = desk.room.rejected(Rejected(tokens=frozenset({5})))
    assert frames_to(robot, effects) == [Type.REFUSED]
    assert closes(effects) == {robot.id: 4401}
    desk.reload()
    desk.commit()
    assert desk.text() == "a"


def test_a_deletion_that_two_made_survives_the_refusal_of_the_first() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    start = Hand(5)
    update = start.write("hello")
    desk.push(ada, update)
    desk.commit()
    desk.push(bob, Hand(6, after=update).delete(0, 5))
    desk.push(ada, start.delete(0, 5))
    desk.prepare()
    desk.room.rejected(Rejected(users=frozenset({2})))
    desk.reload()
    desk.commit()
    assert desk.text() == ""


def test_a_gap_is_never_kept_but_asked_about() -> None:
    desk = Desk()
    ada = desk.seat(1)
    hand = Hand(5)
    hand.write("lost")
    desk.push(ada, hand.write(" found"))
    entries, effects = desk.prepare()
    assert entries == ()
    assert frames_to(ada, effects) == [Type.SYNC]
    assert desk.push(ada, hand.write("!")) == []  # dropped: the whole will hold it
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert frames_to(ada, desk.commit()) == [Type.ACK]
    assert desk.text() == "lost found!"


def test_a_gap_in_a_deletion_is_asked_about_too() -> None:
    desk = Desk()
    ada = desk.seat(1)
    hand = Hand(5)
    hand.write("lost")
    desk.push(ada, hand.delete(0, 2))
    entries, effects = desk.prepare()
    assert entries == ()
    assert frames_to(ada, effects) == [Type.SYNC]


def test_a_client_that_cannot_close_its_gap_is_closed_after_three_strikes() -> None:
    desk = Desk()
    ada = desk.seat(1)
    hand = Hand(5)
    hand.write("lost")
    broken = hand.write("!")
    for _ in range(2):
        desk.push(ada, broken, whole=True)
        assert closes(desk.prepare()[1]) == {}
    desk.push(ada, broken, whole=True)
    assert closes(desk.prepare()[1]) == {ada.id: 4409}


def test_a_client_id_of_somebody_else_is_a_question_for_the_database() -> None:
    """It may be an honest copy of rows that this process has not heard of: only the row lock can tell."""
    desk = Desk()
    ada, eve = desk.seat(1), desk.seat(9, "eve")
    mine = Hand(5)
    desk.push(ada, mine.write("ada"))
    desk.commit()
    forged = Hand(5, after=desk.rows[0])
    desk.push(eve, forged.write(" says yes"))
    entries, _ = desk.prepare()
    assert [entry.claims for entry in entries] == [(5,)]
    assert closes(desk.room.rejected(Rejected(forged=frozenset({5})))) == {eve.id: 4409}
    desk.reload()
    desk.push(ada, mine.write(" says no"))
    desk.commit()
    assert desk.text() == "ada says no"


def test_a_client_id_that_the_database_knows_as_somebody_elses_closes_its_user_alone() -> None:
    desk = Desk()
    ada, eve = desk.seat(1), desk.seat(9, "eve")
    desk.push(ada, Hand(5).write("ada"))
    desk.push(eve, Hand(6).write("eve"))
    desk.prepare()
    effects = desk.room.rejected(Rejected(forged=frozenset({6})))
    assert closes(effects) == {eve.id: 4409}
    desk.reload()
    desk.commit()
    assert desk.text() == "ada"


def test_an_update_that_yrs_refuses_is_quarantined_and_its_sender_closed_and_the_others_go_on() -> None:
    desk = Desk()
    ada, eve = desk.seat(1), desk.seat(9, "eve")
    letter = Hand(5).write("a")
    desk.push(ada, letter)
    desk.commit()
    # A struct whose parent is a letter: well-formed, impossible, and only yrs can know.
    impossible = b"\x01\x01\x07\x00\x04\x00\x05\x00\x01b\x00"
    desk.push(eve, impossible)
    desk.push(ada, Hand(8, after=letter).write("b"))
    entries, effects = desk.prepare()
    assert entries == ()
    assert closes(effects) == {eve.id: 4409}
    assert [e.user for e in effects if isinstance(e, Quarantine)] == [9]
    assert reloads(effects)
    desk.reload()
    desk.commit()
    assert desk.text() == "ab"


def test_a_full_document_refuses_the_author_and_takes_a_smaller_whole() -> None:
    desk = Desk(max_document_bytes=3000)
    ada = desk.seat(1)
    hand = Hand(5)
    desk.push(ada, hand.write("x" * 4000))
    _, effects = desk.prepare()
    assert frames_to(ada, effects) == [Type.REFUSED]
    assert desk.push(ada, hand.write("y")) == []
    hand.delete(0, 3990)
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert frames_to(ada, desk.commit()) == [Type.ACK]
    assert desk.text() == "x" * 10 + "y"


def test_a_full_document_can_be_emptied() -> None:
    desk = Desk(max_document_bytes=3000)
    ada = desk.seat(1)
    hand = Hand(5)
    desk.push(ada, hand.write("x" * 2900))
    desk.commit()
    desk.push(ada, hand.write("y" * 2000))
    desk.prepare()
    desk.push(ada, hand.delete(0, 2900), whole=True)
    desk.commit()
    assert desk.text() == ""
    desk.push(ada, hand.doc.get_update(), whole=True)
    desk.commit()
    assert desk.text() == "y" * 2000


def test_a_stock_client_is_closed_by_a_full_document_for_it_would_not_hear_a_refusal() -> None:
    desk = Desk(max_document_bytes=3000)
    ada = desk.seat(1, stock=True)
    desk.push(ada, Hand(5).write("x" * 4000))
    assert closes(desk.prepare()[1]) == {ada.id: 1009}


def test_batches_are_counted() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("a"))
    ada.batch = 7
    assert closes(desk.hears(ada, bytes((Type.PUSH, 1, 2, 0, 0)))) == {ada.id: 4400}


def test_a_viewer_is_sent_no_step_1_and_cannot_write() -> None:
    desk = Desk()
    viewer = desk.seat(3, "vic", role="viewer")
    assert frames_to(viewer, desk.push(viewer, Hand(5).write("x"))) == [Type.REFUSED]
    assert desk.prepare() == ((), [])


def test_a_stock_viewers_step_2_is_no_offence_but_an_update_is() -> None:
    desk = Desk()
    viewer = desk.seat(3, "vic", role="viewer", stock=True)
    assert desk.push(viewer, Hand(5).write("x"), whole=True) == []
    effects = desk.push(viewer, Hand(5).write("x"))
    assert frames_to(viewer, effects) == [Type.AUTH]
    assert closes(effects) == {viewer.id: 4403}


def test_a_right_that_is_gained_opens_the_door_in_place() -> None:
    desk = Desk()
    viewer = desk.seat(3, "vic", role="viewer")
    effects = desk.room.set_access(viewer, role="editor", can_edit=True)
    assert frames_to(viewer, effects) == [Type.ACCESS, Type.SYNC]
    desk.push(viewer, Hand(5).write("at last"))
    desk.commit()
    assert desk.text() == "at last"


def test_a_right_that_is_lost_closes_only_the_pen_and_no_right_closes_the_door() -> None:
    desk = Desk()
    ada = desk.seat(1)
    assert frames_to(ada, desk.room.set_access(ada, role="viewer", can_edit=False)) == [Type.ACCESS]
    assert frames_to(ada, desk.push(ada, Hand(5).write("x"))) == [Type.REFUSED]
    assert closes(desk.room.set_access(ada, role=None, can_edit=False)) == {ada.id: 4403}
    assert desk.hears(ada, messages.encode_step1(b"\x00")) == []


def test_a_refused_editor_who_is_an_editor_again_is_asked_for_all() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("x"))
    desk.prepare()
    desk.room.rejected(Rejected(users=frozenset({1})))
    desk.reload()
    assert frames_to(ada, desk.room.set_access(ada, role="editor", can_edit=True)) == [Type.ACCESS, Type.SYNC]


def test_a_remote_delta_in_sequence_is_shown_and_a_gap_is_read_from_the_log() -> None:
    desk = Desk()
    desk.seat(1)
    hand = Hand(5)
    rows = [hand.write(letter) for letter in "abc"]
    assert len(broadcasts(list(desk.room.receive_remote(1, 1, rows[0])))) == 1
    assert desk.room.receive_remote(1, 1, rows[0]) == []
    assert desk.room.receive_remote(3, 3, rows[2]) == [CatchUp(1)]
    assert len(broadcasts(list(desk.room.catch_up(2, rows[1:])))) == 1
    assert desk.room.head == 3
    assert desk.room.heard_head(3) == []
    assert desk.room.heard_head(4) == [CatchUp(3)]


def test_a_remote_delta_during_a_cycle_waits_for_its_end() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("mine"))
    desk.prepare()
    theirs = Hand(6).write("theirs")
    assert desk.room.receive_remote(1, 1, theirs) == []
    effects = desk.room.committed(Committed(2, 2, 7, missed=[theirs]))
    shown = [effect.coscribe[:3] for effect in effects if isinstance(effect, Broadcast)]
    assert shown == [bytes((Type.DELTA, 1, 1)), bytes((Type.DELTA, 2, 2))]
    assert desk.room.head == 2


def test_a_flood_of_step_1_is_closed() -> None:
    desk = Desk()
    ada = desk.seat(1)
    answers = [closes(desk.hears(ada, messages.encode_step1(b"\x00"))) for _ in range(25)]
    assert answers[:15] == [{}] * 15
    assert {ada.id: 1013} in answers


def test_a_slow_reader_gets_one_diff_when_it_reads_again() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.room.lagging(bob)
    desk.push(ada, Hand(5).write("missed"))
    desk.commit()
    assert not bob.synced
    effects = desk.room.writable(bob)
    assert frames_to(bob, effects)[0] == Type.STATE
    assert bob.synced


def test_both_dialects_are_kept_awake_and_the_silent_are_closed() -> None:
    desk = Desk()
    ada, stock = desk.seat(1), desk.seat(2, "bob", stock=True)
    effects = desk.room.tick(10_000)
    assert frames_to(ada, effects) == [Type.PING]
    assert frames_to(stock, effects) == [Type.AWARENESS]
    assert closes(desk.room.tick(30_001)) == {ada.id: 1013}


def test_a_document_that_is_deleted_closes_everybody() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob")
    desk.push(ada, Hand(5).write("late"))
    assert closes(desk.room.gone()) == {ada.id: 4404, bob.id: 4404}
    assert desk.prepare() == ((), [])


def test_a_full_inbox_is_said() -> None:
    desk = Desk(max_inbox_updates=2)
    ada = desk.seat(1)
    hand = Hand(5)
    said = []
    for letter in "ab":
        desk.push(ada, hand.write(letter))
        said.append(desk.room.full)
    desk.commit()
    assert [*said, desk.room.full] == [False, True, False]


def test_edits_in_the_inbox_count_although_their_sender_has_left() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("last words"))
    desk.room.disconnect(ada, 0)
    desk.commit()
    assert desk.text() == "last words"


@pytest.mark.parametrize(
    "frame", [b"", b"\xff", b"\x00", b"\x00\x07\x00", b"\x40\x00", b"\x03\x03", b"\x00\x00\x01\x00\x00"]
)
def test_what_is_not_of_the_protocol_closes_the_connection(frame: bytes) -> None:
    desk = Desk()
    ada = desk.seat(1)
    assert closes(desk.hears(ada, frame)) == {ada.id: 4400}


def test_updates_of_several_clients_that_wait_for_each_other_never_stay_pending() -> None:
    """Each stands on the other, which no honest client can make: yrs would keep both for ever."""
    desk = Desk()
    eve, ada = desk.seat(9, "eve"), desk.seat(1)
    ring = b"\x02\x01\x07\x00\x84\x06\x00\x01b\x01\x06\x00\x84\x07\x00\x01a\x00"
    desk.push(eve, ring)
    _, effects = desk.prepare()
    assert closes(effects) == {eve.id: 4409}
    desk.reload()
    desk.push(ada, Hand(5).write("still here"))
    desk.commit()
    assert desk.text() == "still here"


def test_one_new_client_id_is_not_two_peoples_in_one_cycle() -> None:
    desk = Desk()
    ada, eve = desk.seat(1), desk.seat(9, "eve")
    desk.push(ada, Hand(5).write("ada"))
    desk.push(eve, Hand(5).write("eve, longer"))
    entries, effects = desk.prepare()
    assert [entry.user for entry in entries] == [1]
    assert closes(effects) == {}
    assert Ready() in desk.room.committed(Committed(1, 1, 7))
    entries, _ = desk.prepare()
    assert [(entry.user, entry.claims) for entry in entries] == [(9, (5,))]


def test_a_connection_introduces_only_so_many_client_ids() -> None:
    desk = Desk(max_client_ids=2)
    ada = desk.seat(1)
    for client in (5, 6):
        desk.push(ada, Hand(client).write("x"))
        assert closes(desk.commit()) == {}
    desk.push(ada, Hand(7).write("x"))
    assert closes(desk.commit()) == {ada.id: 1009}


def test_old_news_does_not_make_the_room_forget_what_waits() -> None:
    desk = Desk()
    ada, again = desk.seat(1), desk.seat(1)
    hand = Hand(5)
    first = hand.write("a")
    desk.push(ada, first)
    desk.commit()
    desk.push(again, first)
    hand.write("lost")
    desk.push(ada, hand.write("b"))
    desk.push(ada, hand.doc.get_update(), whole=True)
    assert Ready() in desk.commit()
    desk.commit()
    assert desk.text() == "alostb"


def test_edits_whose_missed_rows_break_the_doc_are_acknowledged_after_the_reload() -> None:
    desk = Desk()
    ada = desk.seat(1)
    mine = Hand(5).write("mine")
    desk.push(ada, mine)
    desk.prepare()
    assert reloads(desk.room.committed(Committed(2, 2, 7, missed=[b"\xff"])))
    desk.rows = [Hand(6).write("theirs"), mine]
    assert Ready() in desk.reload()
    assert frames_to(ada, desk.commit()) == [Type.ACK]


def test_who_waits_for_the_state_sees_who_comes_meanwhile() -> None:
    desk = Desk()
    ada, bob = desk.seat(1), desk.seat(2, "bob", synced=False)
    entry = messages.encode_awareness_entry(5, 1, b"{}")
    desk.hears(ada, messages.encode_awareness([entry]))
    (shown,) = broadcasts(list(desk.room.flush_presence()))
    assert shown.early
    assert bob.id not in shown.without


def test_a_large_update_of_another_process_is_read_from_the_log() -> None:
    desk = Desk()
    desk.seat(1)
    assert desk.room.receive_remote(1, 1, b"") == [CatchUp(0)]


def test_state_vectors_that_mean_the_same_have_one_answer() -> None:
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("hello"))
    desk.commit()
    for nonsense in range(1, 9):
        desk.hears(ada, messages.encode_step1(bytes((1, nonsense + 20, 0))))
    assert len(desk.room.replica._diffs) == 1


def pair_cut() -> bytes:
    """The deletion of the first half of an emoji: text "a😀b" of client 5, clock 1."""
    return b"\x00\x01\x05\x01\x01\x01"


def test_half_of_a_character_cannot_be_deleted() -> None:
    """yrs would then encode the document one tick short, and every newcomer would be behind for ever."""
    desk = Desk()
    ada = desk.seat(1)
    desk.push(ada, Hand(5).write("a\U0001f600b"))
    desk.commit()
    desk.push(ada, pair_cut())
    assert closes(desk.prepare()[1]) == {ada.id: 4409}
    again = desk.seat(1)
    desk.push(again, b"\x00\x01\x05\x01\x01\x02")  # both halves: as every editor does
    desk.commit()
    assert desk.text() == "ab"


def test_half_of_a_character_that_was_loaded_cannot_be_deleted_either() -> None:
    desk = Desk()
    desk.rows = [Hand(5).write("a\U0001f600b")]
    desk.room.load(1, desk.rows)
    ada = desk.seat(1)
    desk.push(ada, pair_cut())
    assert closes(desk.prepare()[1]) == {ada.id: 4409}


def test_a_client_id_that_somebody_is_present_under_cannot_be_new() -> None:
    desk = Desk()
    ada, eve = desk.seat(1), desk.seat(9, "eve")
    desk.hears(ada, messages.encode_awareness([messages.encode_awareness_entry(5, 1, b"{}")]))
    desk.push(eve, Hand(5).write("squatter"))
    entries, _ = desk.prepare()
    assert [(entry.claims, entry.held) for entry in entries] == [((5,), (5,))]


def test_known_clocks_sent_again_with_more_behind_them_cost_a_reload() -> None:
    """Their content may be another than before: the doc keeps the old, and the log has only what is new."""
    desk = Desk()
    ada = desk.seat(1)
    hand = Hand(5)
    desk.push(ada, hand.write("ab"))
    desk.commit()
    hand.write("c")
    desk.push(ada, hand.doc.get_update())
    effects = desk.commit()
    assert reloads(effects)
    assert frames_to(ada, effects) == [Type.ACK]
    assert desk.text() == "abc"


def test_edits_that_come_after_a_goodbye_are_not_taken_and_those_before_are_owed() -> None:
    desk = Desk()
    ada, hand = desk.seat(1), Hand(11)
    assert desk.room.owed() == set()
    desk.push(ada, hand.write("before"))
    assert desk.room.owed() == {ada.id}
    batch, _ = desk.room.prepare()
    assert batch is not None
    assert desk.room.owed() == {ada.id}  # the journal has it
    ada.parting = True
    assert desk.push(ada, hand.write(" after")) == []
    effects = desk.room.committed(Committed(1, 1, 7))
    assert frames_to(ada, effects) == [Type.ACK]
    assert desk.room.owed() == set()
    assert desk.commit() == []
