"""What this process has done so far, in plain numbers: counted where it happens, read when `/metrics` is asked.

Everything here is on the way of edits, so nothing locks and nothing allocates: an observation is a bisection and two
additions (0.5 us; `prometheus_client`'s own takes 3.5).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

# Bounds of buckets, each the largest value that is in it.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


class Histogram:
    """How many observations fell into which bucket, and their sum."""

    __slots__ = ("_counts", "bounds", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self._counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count it."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: (largest value, how many were not larger), the last of them all."""
        found, total = [], 0
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self._counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Tally:
    """The numbers of one hub. They only grow."""

    def __init__(self) -> None:
        self.commit_seconds = Histogram(SECONDS)  # the transaction, and the way to its thread and back
        self.commit_edits = Histogram(SIZES)
        self.commit_rooms = Histogram(SIZES)
        self.acknowledge_seconds = Histogram(SECONDS)  # from the oldest edit of a room's batch until it is shown
        self.load_seconds = Histogram(SECONDS)
        self.lag_seconds = Histogram(SECONDS)  # how late the loop was for something that was due
        self.beat_seconds: dict[str, Histogram] = {}
        self.beat_at: dict[str, float] = {}  # when each went well last, in seconds since the epoch
        self.refusals: Counter[str] = Counter()  # edits that were not stored, by reason
        self.closes: Counter[int] = Counter()  # sockets that we closed, by code
        self.gaps: Counter[str] = Counter()  # times that rows were read which the relay did not bring, by `CatchUp.why`
        self.gaps_healed: Counter[str] = Counter()  # of those: times that some were found
        self.reloads = 0
        self.compactions: Counter[str] = Counter()  # by outcome
        self.outbox_drops = 0

    def beat(self, name: str, seconds: float, at: float) -> None:
        """Something that a clock asks for went well."""
        if name not in self.beat_seconds:
            self.beat_seconds[name] = Histogram(SECONDS)
        self.beat_seconds[name].observe(seconds)
        self.beat_at[name] = at
