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
        self._overlaps = False

    @property
    def expected(self) -> dict[int, int]:
        """The part of `ends` that is new to the doc too: not to the log only."""
        return {client: end for client, end in self.ends.items() if end > self._ahead.get(client, 0)}

    def judge(self, queued: Queued) -> Verdict:
        """Whether the next edit can go in."""
        footprint, seen, user = queued.footprint, self._seen, self.connection.person.user
        for client in (*footprint.spans, *footprint.needs):
            if client not in seen:
                seen[client] = self._clocks.get(client, 0)
        if not footprint.fits(seen):
            ahead = {client: max(clock, self._ahead.get(client, 0)) for client, clock in seen.items()}
            return Verdict.LATER if footprint.fits(ahead) else Verdict.MISSING
        if self._claimed and any(self._claimed.get(client, user) != user for client in footprint.news(seen)):
            return Verdict.LATER
        return Verdict.FITS

    def take(self, queued: Queued, *, owners: Mapping[int, int], holder: Callable[[int], int | None]) -> None:
        """It fits: put it in. `owners`: client id -> user, as known. `holder`: who is present under a client id."""
        user = self.connection.person.user
        for client in queued.footprint.news(self._seen):
            first, end = queued.footprint.spans[client]
            self._overlaps = self._overlaps or first < self._seen[client]
            self.ends[client] = self._seen[client] = end
            if owners.get(client) != user and client not in self.claims:
                self.claims.append(client)
                if holder(client) not in (None, user):
                    self._held.append(client)
        self.fitting.append(queued)

    def entry(self, delta: bytes | None) -> Entry:
        """What becomes of it. `delta`: the net new change, as the doc reports it."""
        return Entry(
            connection=self.connection,
            edits=tuple(self.fitting),
            delta=delta,
            claims=tuple(self.claims),
            held=tuple(self._held),
            ends=self.ends,
            overlaps=self._overlaps,
        )
