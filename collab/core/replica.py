"""The doc of one document in this process, and what is known of it: how far the log it is, and what it holds. Sans I/O.

yrs does the merging. What it does not say we keep beside it: the clocks of the log (during a cycle the doc is ahead of
them), the size, and the one thing that matters after any error: that the doc must not be trusted any more (`Broken`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pycrdt import Doc, Subscription, TransactionEvent, get_update, merge_updates

from .contents import Comparison, compare
from .errors import CollabError
from .footprint import HAS_PAIR, Footprint, read_footprint
from .lib0 import read_state_vector, state_vector
from .pieces import pieces

MERGED_AT_ONCE = 32
CLOCK_BYTES = 8  # in a state vector
MAX_CACHED_DIFFS = 4
SEARCHED_BYTES = 1 << 20
NOTHING = b"\x00"  # the state vector of an empty doc


def merged(updates: Sequence[bytes]) -> bytes:
    """Updates as one, in their order. yrs takes n² time for n of them at once (7 us each of a thousand, 19 of three
    thousand), so it is given a few at a time (1 us each).
    """
    while len(updates) > 1:
        parts = [updates[at : at + MERGED_AT_ONCE] for at in range(0, len(updates), MERGED_AT_ONCE)]
        updates = [merge_updates(*part) if len(part) > 1 else part[0] for part in parts]
    return updates[0]


class Broken(Exception):
    """yrs refused, or panicked on, an update that had passed the guard: the doc has to be loaded again."""

    def __init__(self, update: bytes, error: str) -> None:
        self.update, self.error = update, error
        super().__init__(error)


def is_error(error: BaseException) -> bool:
    """Whether this is an error, and not a cancellation or the end of the process.

    yrs' PanicException is a BaseException, and pycrdt does not export it.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


@dataclass(frozen=True, slots=True)
class Opened:
    """A doc made from the log, on whichever thread, for a replica to go on with. `states`: state vector -> diff."""

    doc: Doc[Any]
    size: int
    footprints: Sequence[Footprint]
    states: Mapping[bytes, bytes]


def has_pair(update: bytes) -> bool:
    """Whether there is a character in it that is two units of UTF-16. In steps, as above: 16 MiB take 60 ms."""
    return any(HAS_PAIR.search(update, at, at + SEARCHED_BYTES + 3) for at in range(0, len(update), SEARCHED_BYTES))


def open_doc(updates: Sequence[bytes]) -> Opened:
    """A doc of a state and the rows after it, in order. In small steps, between which Python's other threads come to
    their turn. Raises what yrs raises.
    """
    doc: Doc[Any] = Doc()
    for update in updates:
        for piece in pieces(update):
            doc.apply_update(piece)
    halves = [read_footprint(update) for update in updates if has_pair(update)]
    states = {NOTHING: updates[0]} if len(updates) == 1 else {}  # for who has nothing it need not be encoded again
    return Opened(doc, sum(map(len, updates)), halves, states)


class Replica:
    """A `pycrdt.Doc` at log row `head`. `load` it before anything else, `unload` it in the end."""

    def __init__(self) -> None:
        self.head = 0
        self.clocks: dict[int, int] = {}  # client id -> clock, of the log up to `head`
        self.size = 0  # bytes of the state at load and of every row since: an upper estimate
        self.halves: dict[int, set[int]] = {}  # client id -> clocks of the second halves of surrogate pairs
        self._doc: Doc[Any] = Doc()
        self._subscription: Subscription | None = None
        self._delta: bytes | None = None
        self._diffs: dict[bytes, bytes] = {}  # state vector -> diff, at this head
        self._measured: int | None = None  # the head at which `size` was exact

    def load(self, head: int, content: Sequence[bytes] | Opened) -> None:
        """Start from the log up to row `head`: a state and the rows after it, in order, or what `open_doc` made of
        them. Raises what yrs raises.
        """
        opened = content if isinstance(content, Opened) else open_doc(content)
        self.unload()
        doc = self._doc = opened.doc
        self._subscription = doc.observe(self._note_delta)
        self.head = head
        self.clocks = read_state_vector(doc.get_state())
        self.halves = {}
        for footprint in opened.footprints:
            self._note_halves(footprint)
        self.size = opened.size
        self._measured = None
        self._diffs = dict(opened.states)

    def _note_halves(self, footprint: Footprint) -> None:
        for client, clocks in footprint.halves.items():
            self.halves.setdefault(client, set()).update(clocks)

    def parts_a_pair(self, update: bytes, footprint: Footprint) -> bool:
        """Whether the update parts a surrogate pair: Yjs then shows two broken halves, and yrs loses one when it
        encodes.
        """
        if not self.halves and not footprint.halves:
            return False
        cuts: list[tuple[int, int]] = []
        read_footprint(update, cuts=cuts)
        return any(
            clock in self.halves.get(client, ()) or clock in footprint.halves.get(client, ()) for client, clock in cuts
        )

    def unload(self) -> None:
        """Let go of the doc: one with an observer is never freed by itself."""
        if self._subscription is not None:
            self._doc.unobserve(self._subscription)
            self._subscription = None
        self._doc = Doc()  # whoever still holds the room does not hold its content
        self._diffs = {}

    def _note_delta(self, event: TransactionEvent) -> None:
        self._delta = event.update

    def vector(self) -> bytes:
        """The state vector of the log up to `head`: what a step 1 of ours says."""
        return state_vector(self.clocks)

    def diff(self, vector: bytes) -> bytes:
        """What a doc with this state vector lacks. Call it only when the doc is not ahead of the log."""
        asked = read_state_vector(vector)
        known = {client: min(asked[client], clock) for client, clock in self.clocks.items() if asked.get(client)}
        key = state_vector(known)  # the many vectors that mean the same have one answer
        update = self._diffs.get(key)
        if update is None:
            if len(self._diffs) >= MAX_CACHED_DIFFS:
                self._diffs.clear()
            update = self._diffs[key] = self._doc.get_update(key)
        return update

    def news_bytes(self, updates: Sequence[bytes]) -> int:
        """Bytes of structs in these updates that the doc lacks: without what it has, and without deletions."""
        vector = self._doc.get_state()
        return sum(read_footprint(get_update(update, vector)).structs_bytes for update in updates)

    def known(self, footprint: Footprint) -> dict[int, tuple[int, int]]:
        """What of an update's spans the log has already."""
        return {
            client: (first, min(end, self.clocks[client]))
            for client, (first, end) in footprint.spans.items()
            if first < self.clocks.get(client, 0)
        }

    def compare(self, update: bytes, known: Mapping[int, tuple[int, int]]) -> Comparison:
        """Whether the doc holds what the update has in these spans, which the log has too."""
        found = compare(update, known, self._since)
        return replace(found, read=found.read + (CLOCK_BYTES * len(self.clocks) if found.encoded else 0))

    def _since(self, clocks: Mapping[int, int]) -> bytes:
        """What the doc has under these client ids from these clocks on, and all that was deleted."""
        whole = {  # from the middle of a surrogate pair, yrs leaves out the half and moves the rest
            client: clock - (clock in self.halves.get(client, ())) for client, clock in clocks.items()
        }
        return self._doc.get_update(state_vector(self.clocks | whole))

    def measure(self) -> int:
        """The true size of the state, in bytes: the running figure also counts what was deleted since. Once per row."""
        if self._measured != self.head:
            self._measured = self.head
            self.size = len(self._doc.get_update())
        return self.size

    def integrate(
        self, updates: Sequence[bytes], ends: Mapping[int, int], footprint: Footprint | None = None
    ) -> bytes | None:
        """Apply updates as one; returns the net new change as one update, or None. `ends`: client id -> clock after
        them. `footprint`: of the first of them.

        Raises `Broken` after any error: the doc may then hold half of it.
        """
        assert self._subscription is not None, "the replica is not loaded: what is new would not be seen"
        update = updates[0]
        try:
            update = merged(updates)
            self._delta = None
            self._doc.apply_update(update)
        except BaseException as error:
            if not is_error(error):
                raise
            raise Broken(update, type(error).__name__) from error
        if footprint is None or self._delta != updates[0]:  # else what is new is that update, which was read already
            footprint = self._read_delta(update)
        self._check(update, ends, footprint)
        return self._delta

    def _read_delta(self, update: bytes) -> Footprint:
        try:
            return read_footprint(self._delta or b"\x00\x00")
        except CollabError as error:
            raise Broken(update, error.reason) from error

    def _check(self, update: bytes, ends: Mapping[int, int], footprint: Footprint) -> None:
        """What the doc reports as new must be what was expected: nothing kept pending, nothing encoded as something
        else.
        """
        if any(footprint.spans.get(client, (0, 0))[1] != end for client, end in ends.items()):
            raise Broken(update, "an update was not integrated as it is")
        self._note_halves(footprint)

    def moved(self, head: int, size: int, ends: Mapping[int, int]) -> None:
        """What the doc holds is now in the log, up to row `head`."""
        self.head = head
        self.size += size
        for client, end in ends.items():
            if end > self.clocks.get(client, 0):
                self.clocks[client] = end
        self._diffs.clear()

    def advance(self, head: int, rows: Sequence[bytes]) -> bytes:
        """Integrate rows of the log, the last of which is `head`; returns them as one update. Raises `Broken`."""
        ends: dict[int, int] = {}
        for row in rows:
            try:
                spans = read_footprint(row).spans
            except CollabError as error:
                raise Broken(row, error.reason) from error
            ends |= {client: max(end, ends.get(client, 0)) for client, (_, end) in spans.items()}
        self.integrate(rows, ends)
        update = merged(rows)
        self.moved(head, len(update), ends)
        return update
