"""Feed mutated updates to a room, in a process of its own: `python -m tests.hostile.probation SEED CASES PROGRESS`.

The parent test sees a crash as a signal, and the case that caused it in the file PROGRESS. Prints what was counted as
JSON.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from pycrdt import Doc

from collab.core import messages
from collab.core.batch import Committed, Rejected
from collab.core.connection import Connection, Dialect, Person
from collab.core.effects import Broadcast, Close, Effect, Reload
from collab.core.footprint import Footprint, read_footprint
from collab.core.lib0 import read_state_vector, read_var_bytes, read_var_uint, var_bytes, var_uint
from collab.core.room import Bounds, Room

from .corpus import content, session
from .mutation import mutate

CASES_PER_ROOM = 150
CHECK_EVERY = 25


class Trial:
    """A room, its log, and a reader who follows every broadcast."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.room = Room(bounds=Bounds(max_document_bytes=1 << 20, max_message_bytes=1 << 20))
        self.room.load(0, [])
        self.rewritten = (
            False  # a client sent other content for clocks it had used: an array item where a map entry is, cut in half
        )
        self._integrate = self.room.replica.integrate
        self.room.replica.integrate = self._look  # type: ignore[method-assign]
        self.rows: list[bytes] = []
        self.reader: Doc[Any] = Doc()
        self.counts: Counter[str] = Counter()
        self.last_id = 0
        self.people = [self._enter(user) for user in range(3)]
        self.now = 0

    def _enter(self, user: int) -> Connection:
        self.last_id += 1
        dialect = self.rng.choice((Dialect.STOCK, Dialect.COSCRIBE))
        connection = Connection(
            self.last_id, Person(user, f"person {user}", "#000000"), "editor", can_edit=True, dialect=dialect
        )
        self.room.connect(connection, 0, time_ms=0)
        self.room.receive(connection, messages.encode_step1(b"\x00"), 0)
        return connection

    def send(self, user: int, update: bytes, *, whole: bool = False) -> None:
        """One frame from a person, and the cycle it causes."""
        connection = self.people[user]
        if connection.coscribe:
            kind = messages.Type.WHOLE if whole else messages.Type.PUSH
            frame = bytes((kind,)) + var_uint(connection.batch + 1) + var_bytes(update)
        else:
            frame = messages.encode_step2(update) if whole else messages.encode_update(update)
        self.now += 10
        self.follow(self.room.receive(connection, frame, self.now))

    def _look(
        self, updates: Sequence[bytes], ends: Mapping[int, int], footprint: Footprint | None = None
    ) -> bytes | None:
        known = read_state_vector(self.room.replica._doc.get_state())
        for each in updates:
            spans = read_footprint(each).spans
            self.rewritten |= any(first < known.get(client, 0) < end for client, (first, end) in spans.items())
            known |= {client: max(end, known.get(client, 0)) for client, (_, end) in spans.items()}
        return self._integrate(updates, ends, footprint)

    def cycle(self) -> None:
        """Cycles until nothing is waiting."""
        for _ in range(100):
            batch, effects = self.room.prepare()
            self.follow(effects)
            if batch is None:
                if not self.room.unsaved:
                    return
                continue
            if self.rng.random() < 0.02:
                self.counts["revoked"] += 1
                self.follow(self.room.rejected(Rejected(users=frozenset({batch.entries[0].user}))))
                continue
            rows = [entry.delta for entry in batch.rows if entry.delta is not None]
            assert rows, "a batch without rows"
            self.rows += rows
            self.follow(self.room.committed(Committed(batch.base + 1, batch.base + len(rows), 0)))
            self.counts["committed"] += 1
        raise AssertionError("the room does not come to rest")

    def follow(self, effects: list[Effect]) -> None:
        """Do what the hub would."""
        for effect in effects:
            if isinstance(effect, Close):
                self.counts[f"closed {effect.code}"] += 1
                user = next(n for n, each in enumerate(self.people) if each.id == effect.connection)
                self.people[user] = self._enter(user)
            elif isinstance(effect, Reload):
                self.counts["reloads"] += 1
                self.follow(self.room.reloaded(len(self.rows), list(self.rows)))
            elif isinstance(effect, Broadcast) and effect.stock[0] == messages.Type.SYNC:
                _, at = read_var_uint(effect.stock, 1)
                self.reader.apply_update(read_var_bytes(effect.stock, at)[0])
        for user, each in enumerate(self.people):  # revoked people come back as somebody who may
            if not each.can_edit:
                self.room.disconnect(each, self.now)
                self.people[user] = self._enter(user)

    def check_clocks(self) -> None:
        """What the room believes it has is what the doc has."""
        have = {
            client: clock for client, clock in read_state_vector(self.room.replica._doc.get_state()).items() if clock
        }
        believed = {client: clock for client, clock in self.room.replica.clocks.items() if clock}
        assert have == believed, f"the doc is at {have}, the room believes {believed}"

    def check_content(self) -> None:
        """The doc, the log, the reader and a newcomer agree, and nothing is pending."""
        ours = content(self.room.replica._doc)
        rebuilt: Doc[Any] = Doc()
        for row in self.rows:
            rebuilt.apply_update(row)
        newcomer: Doc[Any] = Doc()
        newcomer.apply_update(self.room.replica._doc.get_update())
        for name, doc in (("the log", rebuilt), ("the reader", self.reader), ("a newcomer", newcomer)):
            theirs = content(doc)
            # Structs whose origins or parents no Yjs client would give them are placed by the order in which they come,
            # or fall away with their parent: a newcomer, who gets the state and not the log, may see less vandalism.
            if name != "a newcomer":
                assert theirs[1] == ours[1], f"{name} has other content: {_difference(theirs, ours)}"
                assert sorted(theirs[0]) == sorted(ours[0]), f"{name} has another text: {_difference(theirs, ours)}"
            self.counts[f"{name} differs in order"] += theirs != ours
            assert read_state_vector(doc.get_state()) == read_state_vector(self.room.replica._doc.get_state()), (
                f"{name} is behind"
            )
        self.counts["compared"] += 1


def _difference(theirs: Any, ours: Any) -> str:
    held = {place: (theirs[1].get(place), ours[1].get(place)) for place in theirs[1].keys() | ours[1].keys()}
    return f"{theirs[0]!r}, {ours[0]!r}, {[each for each in held.items() if each[1][0] != each[1][1]][:10]}"


def run(seed: int, cases: int, progress: Path) -> Counter[str]:
    """The whole trial. Raises at the first thing that is not as it should be."""
    counts: Counter[str] = Counter()
    handle = os.open(progress, os.O_CREAT | os.O_WRONLY)
    done = part = 0
    while done < cases:
        rng = Random(f"{seed} {part}")
        part += 1
        trial = Trial(rng)
        corpus = session(rng, edits=60, emoji=False)
        updates = [update for _, update in corpus]
        for number in range(CASES_PER_ROOM):
            os.pwrite(handle, f"seed {seed} part {part - 1} case {number:6}".encode(), 0)
            user, update = corpus[min(number * len(corpus) // CASES_PER_ROOM, len(corpus) - 1)]
            for _ in range(rng.choice((1, 1, 1, 2, 4))):
                sender, victim = (user, update) if rng.random() < 0.75 else rng.choice(corpus)
                trial.send(sender, mutate(rng, victim, updates), whole=rng.random() < 0.5)
                counts["mutated"] += 1
                done += 1
            if number * len(corpus) // CASES_PER_ROOM != (number + 1) * len(corpus) // CASES_PER_ROOM:
                trial.cycle()
                trial.send(user, update, whole=True)  # as it really was, so that what comes after stands on something
            trial.cycle()
            trial.check_clocks()
            if trial.rewritten:
                counts["rewritten"] += 1
                break
            if number % CHECK_EVERY == CHECK_EVERY - 1:
                trial.check_content()
        counts += trial.counts
        trial.room.replica.unload()
    return counts


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
