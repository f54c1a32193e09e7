"""Whatever the network, the database and the processes do: the promises hold. A hypothesis state machine over real
rooms.
"""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from collab.core.lib0 import read_state_vector

from .cohort import Log, Process, Writer, text_of

LONG = bool(os.environ.get("COSCRIBE_LONG"))
NAMES = ("ada", "bob", "cyd", "dan")
WHO = st.integers(0, len(NAMES) - 1)
WHERE = st.integers(0, 1)
CHARACTERS = "abcdefgh \u00e9\U0001f600\u05d0"


class Cohort(RuleBasedStateMachine):
    """Four people, two processes, one document."""

    @initialize()
    def begin(self) -> None:
        self.log = Log()
        self.log.editors = {1, 2, 3}
        self.log.viewers = {4}
        self.processes = [Process("north", self.log), Process("south", self.log)]
        self.writers = [Writer(user, name) for user, name in enumerate(NAMES, 1)]
        self.now = 0
        self.connections = 0
        self.saved: list[tuple[int, bytes]] = []
        for index in range(len(NAMES)):
            self.connect(index, index % 2)
        for writer in self.writers:
            self.drain(writer)

    # -- people ----------------------------------------------------------------------------------------------------

    @rule(who=WHO, text=st.text(CHARACTERS, min_size=1, max_size=4), at=st.integers(0, 99), held_up=st.booleans())
    def types(self, who: int, text: str, at: int, held_up: bool) -> None:
        writer = self.writers[who]
        if self.may_edit(writer):
            length = len(writer.text)
            place = boundary(str(writer.text), at % (length + 1) if length else 0)
            writer.text.insert(place, text)
            self.send(writer, held_up=held_up)

    @rule(who=WHO, at=st.integers(0, 99), length=st.integers(1, 3), held_up=st.booleans())
    def deletes(self, who: int, at: int, length: int, held_up: bool) -> None:
        writer = self.writers[who]
        text = str(writer.text)
        if self.may_edit(writer) and text:
            start = at % len(text)
            stop = min(len(text), start + length)
            first, last = (len(text[:n].encode()) for n in (start, stop))
            del writer.text[first:last]
            self.send(writer, held_up=held_up)

    @rule(one=st.integers(0, 2), other=st.integers(0, 2), at=st.integers(0, 99), where=WHERE)
    def two_delete_the_same_and_one_is_refused(self, one: int, other: int, at: int, where: int) -> None:
        """The second deletion is no news while the first is in the doc: it must not be lost with it."""
        if one == other or not all(map(self.may_edit, (self.writers[one], self.writers[other]))):
            return
        self.deletes(who=one, at=at, length=2, held_up=False)
        self.deletes(who=other, at=at, length=2, held_up=False)
        self.right_changes(who=one, role="viewer")
        self.prepares(where=where)
        self.commits(where=where)

    @rule(who=WHO, where=WHERE)
    def connect(self, who: int, where: int) -> None:
        writer = self.writers[who]
        if not writer.connected:
            self.connections += 1
            self.processes[where].accept(writer, self.connections, self.now)

    @rule(who=WHO)
    def loses_the_network(self, who: int) -> None:
        writer = self.writers[who]
        if writer.process is not None:
            writer.process.hang_up(writer, self.now)

    @rule(who=st.integers(0, 2), role=st.sampled_from(["editor", "viewer", "none"]))
    def right_changes(self, who: int, role: str) -> None:
        user = self.writers[who].person.user
        self.log.editors.discard(user)
        self.log.viewers.discard(user)
        if role == "editor":
            self.log.editors.add(user)
        elif role == "viewer":
            self.log.viewers.add(user)

    # -- the network -----------------------------------------------------------------------------------------------

    @rule(who=WHO, frames=st.sampled_from([1, 2, 99]))
    def frames_go_up(self, who: int, frames: int) -> None:
        writer = self.writers[who]
        for _ in range(frames):
            if writer.wire is None or not writer.wire.up or writer.process is None or writer.connection is None:
                return
            frame = writer.wire.up.popleft()
            writer.process.carry_out(writer.process.room.receive(writer.connection, frame, self.now))

    @rule(who=WHO, frames=st.sampled_from([1, 2, 99]))
    def frames_come_down(self, who: int, frames: int) -> None:
        writer = self.writers[who]
        for _ in range(frames):
            if writer.wire is None or not writer.wire.down:
                return
            self.deliver(writer)

    @rule(source=WHERE, fate=st.sampled_from(["arrive", "arrive", "arrive", "lost", "twice"]))
    def relay_message(self, source: int, fate: str) -> None:
        outgoing = self.processes[source].outgoing
        if outgoing:
            message = outgoing.pop(0)
            self.processes[1 - source].mail.extend([message] * {"lost": 0, "arrive": 1, "twice": 2}[fate])

    # -- processes -------------------------------------------------------------------------------------------------

    @rule(where=WHERE)
    def works(self, where: int) -> None:
        """One whole turn of a healthy process."""
        process = self.processes[where]
        process.do_reload()
        process.do_catch_up()
        process.prepare()
        process.commit()

    @rule(where=WHERE)
    def prepares(self, where: int) -> None:
        self.processes[where].prepare()

    @rule(where=WHERE)
    def commits(self, where: int) -> None:
        self.processes[where].commit()

    @rule(where=WHERE)
    def commits_and_the_answer_is_lost(self, where: int) -> None:
        self.processes[where].commit_unheard()

    @rule(where=WHERE)
    def reloads(self, where: int) -> None:
        self.processes[where].do_reload()

    @rule(where=WHERE)
    def catches_up(self, where: int) -> None:
        self.processes[where].do_catch_up()

    @rule(where=WHERE)
    def hears(self, where: int) -> None:
        self.processes[where].hear()

    @rule(where=WHERE)
    def polls(self, where: int) -> None:
        self.processes[where].poll()

    @rule(where=WHERE)
    def sweeps(self, where: int) -> None:
        self.processes[where].sweep()

    @rule(where=WHERE)
    def crashes(self, where: int) -> None:
        process = self.processes[where]
        for writer in list(process.writers.values()):
            writer.wire = writer.process = writer.connection = None
        process.start()

    @rule()
    def compacts(self) -> None:
        self.log.compact()

    # -- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def a_room_at_rest_is_the_log(self) -> None:
        for process in self.processes:
            if not process.room.busy:
                expected = rows_up_to(self.log, process.room.head)
                assert text_of(process.room.replica._doc) == expected, f"{process.name} at {process.room.head}"

    def teardown(self) -> None:
        """The network heals: everybody who may is equal to the log in content, and nothing is pending anywhere."""
        if not hasattr(self, "log"):
            return
        for _ in range(30):
            for index, writer in enumerate(self.writers):
                if writer.person.user in self.log.editors | self.log.viewers and not writer.connected:
                    self.connect(index, index % 2)
            for process in self.processes:
                process.settle()
                process.sweep()
            for writer in self.writers:
                self.drain(writer)
            if all(map(self.at_rest, self.writers)) and all(map(self.up_to_date, self.processes)):
                break
        else:
            raise AssertionError("the cohort does not come to rest")
        rebuilt = self.log.rebuild()
        clocks = read_state_vector(rebuilt.get_state())
        assert text_of(from_state(self.log)) == text_of(rebuilt)
        for writer in self.writers:
            if writer.connected:
                assert str(writer) == text_of(rebuilt), writer.person.name
                assert read_state_vector(writer.doc.get_state()) == clocks, writer.person.name
        for process in self.processes:
            assert not process.quarantined
            assert text_of(process.room.replica._doc) == text_of(rebuilt)

    # -- how it is done --------------------------------------------------------------------------------------------

    def may_edit(self, writer: Writer) -> bool:
        return writer.role in ("editor", "owner")

    def send(self, writer: Writer, *, held_up: bool = True) -> None:
        if writer.wire is not None:
            frame = writer.push()
            if frame is not None:
                writer.wire.up.append(frame)
        if not held_up:
            self.frames_go_up(self.writers.index(writer), 99)

    def deliver(self, writer: Writer) -> None:
        """One frame for a person. I1: what it shows is in the log; what it acknowledges is too."""
        assert writer.wire is not None
        frame = writer.wire.down.popleft()
        refused, acked, shown = len(writer.refused), len(writer.acked), len(writer.shown)
        answers = writer.take(frame)
        for update in writer.shown[shown:]:
            assert contains(self.log, update), f"{writer.person.name} was shown what is not in the log"
        if len(writer.acked) > acked:
            _, seq = writer.acked[-1]
            assert seq <= self.log.head
        if len(writer.refused) > refused:
            self.start_over(writer)
            return
        if writer.dirty and not self.may_edit(writer):
            self.start_over(writer)
            return
        if writer.wire is not None:
            writer.wire.up.extend(answers)
            self.send(writer)

    def start_over(self, writer: Writer) -> None:
        """Refused: the page keeps the text aside and takes a fresh doc, over a fresh connection."""
        if writer.process is not None:
            writer.process.hang_up(writer, self.now)
        writer.start_over()

    def drain(self, writer: Writer) -> None:
        for _ in range(200):
            if writer.wire is None:
                return
            if writer.wire.up:
                self.frames_go_up(self.writers.index(writer), 1)
            elif writer.wire.down:
                self.deliver(writer)
            else:
                return

    def at_rest(self, writer: Writer) -> bool:
        if writer.person.user not in self.log.editors | self.log.viewers:
            return True
        return (
            writer.wire is not None
            and not writer.wire.up
            and not writer.wire.down
            and not writer.dirty
            and writer.synced
        )

    def up_to_date(self, process: Process) -> bool:
        return process.room.head == self.log.head and not process.ready


def boundary(text: str, at: int) -> int:
    """The byte offset nearest to `at` that does not cut a character: pycrdt counts UTF-8 bytes."""
    offset = 0
    for character in text:
        if offset >= at:
            break
        offset += len(character.encode())
    return offset


def rows_up_to(log: Log, head: int) -> str:
    from pycrdt import Doc

    doc: Doc[Any] = Doc()
    for row in log.rows[:head]:
        doc.apply_update(row.payload)
    return text_of(doc)


def from_state(log: Log) -> Any:
    from pycrdt import Doc

    doc: Doc[Any] = Doc()
    for update in log.load()[1]:
        doc.apply_update(update)
    return doc


def contains(log: Log, update: bytes) -> bool:
    """Whether the log holds everything in the update: applying it to a doc of the log changes nothing and leaves
    nothing pending.
    """
    doc = log.rebuild()
    events: list[Any] = []
    subscription = doc.observe(events.append)
    before = doc.get_update()
    doc.apply_update(update)
    doc.unobserve(subscription)
    return doc.get_update() == before and not events


def test_the_promises_hold_whatever_happens() -> None:
    run_state_machine_as_test(
        Cohort,
        settings=settings(
            max_examples=3000 if LONG else 200,
            stateful_step_count=100,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        ),
    )
