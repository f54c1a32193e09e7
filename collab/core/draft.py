"""One connection's part in a cycle, while it is decided which of its edits go in. Sans I/O."""

from collections.abc import Callable, Mapping
from enum import Enum

from .batch import Entry, Queued
from .connection import Connection


class Verdict(Enum):
    """What is to be done with an edit."""

    FITS = "fits"
    # it stands on others' edits of this very batch, which may yet be refused; or two want one new client id
    LATER = "later"
    MISSING = "missing"  # it stands on something that we do not have


class Draft:
    """What fits so far.

    `clocks`: those of the log. `ahead`: those of the batch so far. `claimed`: client id -> user, of those that the
    batch introduces.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clocks: Mapping[int, int],
        ahead: Mapping[int, int],
        claimed: Mapping[int, int],
    ) -> None:
        self.connection = connection
        self.fitting: list[Queued] = []
        self.claims: list[int] = []
        self.ends: dict[int, int] = {}
        self._clocks, self._ahead, self._claimed = clocks, ahead, claimed
        # the log's clocks, as far as the edits name them, moved by the edits themselves
        self._seen: dict[int, int] = {}
        self._held: list[int] = []
        self._typed: set[int] = set()  # those of the claims that an edit of another kind than an answer has news of
        self._overlaps = False

    @property
    def expected(self) -> dict[int, int]:
        """The part of `ends` that is new to the doc too: not to the log only."""
        return {client: end for client, end in self.ends.items() if end > self._ahead.get(client, 0)}

    def judge(self, queued: Queued) -> Verdict:
        """Whether the next edit can go in."""
        footprint, seen, clocks = queued.footprint, self._seen, self._clocks
        for client in footprint.spans:
            if client not in seen:
                seen[client] = clocks.get(client, 0)
        for client in footprint.needs:
            if client not in seen:
                seen[client] = clocks.get(client, 0)
        if not footprint.fits(seen):
            ahead = {client: max(clock, self._ahead.get(client, 0)) for client, clock in seen.items()}
            return Verdict.LATER if footprint.fits(ahead) else Verdict.MISSING
        if self._claimed:
            user = self.connection.person.user
            if any(self._claimed.get(client, user) != user for client in footprint.news(seen)):
                return Verdict.LATER
        return Verdict.FITS

    def take(self, queued: Queued, *, owners: Mapping[int, int], holder: Callable[[int], int | None]) -> None:
        """It fits: put it in. `owners`: client id -> user, as known. `holder`: who writes under a client id now."""
        user = self.connection.person.user
        seen = self._seen
        for client, (first, end) in queued.footprint.spans.items():
            if end <= seen[client]:
                continue
            self._overlaps = self._overlaps or first < seen[client]
            self.ends[client] = seen[client] = end
            if owners.get(client) != user and client not in self.claims:
                self.claims.append(client)
                if holder(client) not in (None, user):
                    self._held.append(client)
            if not queued.edit.whole and client in self.claims:
                self._typed.add(client)
        self.fitting.append(queued)

    def entry(self, delta: bytes | None) -> Entry:
        """What becomes of it. `delta`: the net new change, as the doc reports it."""
        return Entry(
            connection=self.connection,
            edits=tuple(self.fitting),
            delta=delta,
            claims=tuple(self.claims),
            held=tuple(self._held),
            returned=tuple(client for client in self.claims if client not in self._typed),
            ends=self.ends,
            overlaps=self._overlaps,
        )
