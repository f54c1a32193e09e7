"""`capacity`: the highest rate of edits with a p95 below 100 ms and nothing lost; and what twice that rate does."""

import os
import signal
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.generator import Generator, OrderFailed

from . import Figures, Outcome

P95_MS = 100
STEP = 2
BISECTIONS = 3
LOWEST = 100
NEARLY = 3  # a step that fails by no more than this is tried again: the machine may have been busy with something else
SECONDS, WARM_S = 3, 0.5
DRAIN_S, RECOVERY_S = 3, 8  # what has not arrived then, is lost: after a step of the search, and after the overload
HIGHEST = 90_000


@dataclass(frozen=True, slots=True)
class Shape:
    """So many documents with so many people each, of whom so many type, and `sampled` are looked at closely."""

    documents: int
    people: int
    typists: int
    sampled: int
    start: int


ONE = Shape(documents=1, people=50, typists=10, sampled=3, start=2000)
MANY = Shape(documents=100, people=4, typists=4, sampled=2, start=4000)


def one(server: Contender, load: Generator, quick: bool) -> Outcome:
    return Search(server, load, ONE, quick=quick).run()


def many(server: Contender, load: Generator, quick: bool) -> Outcome:
    return Search(server, load, MANY, quick=quick).run()


class Search:
    """Steps up until it fails (or down until it does not), then halves the distance. A failed step is followed by fresh
    documents, and tried again on them if it nearly held; if it lost something, by a fresh process, because one that
    choked may take 20 s until it lets anybody in.
    """

    def __init__(
        self, server: Contender, load: Generator, shape: Shape, *, quick: bool, bisections: int = BISECTIONS
    ) -> None:
        self.server, self.load, self.shape, self.quick, self.bisections = server, load, shape, quick, bisections
        self.steps: list[dict[str, Any]] = []
        self.connected = False

    def run(self, *, overload: bool = True) -> Outcome:
        best: dict[str, Any] | None = None
        good, bad = 0.0, 0.0
        rate = float(self.shape.start)
        while LOWEST <= rate <= (self.shape.start * STEP if self.quick else HIGHEST):
            found = self.step(rate)
            if found["held"]:
                best, good = found, rate
                if bad:
                    break
                rate *= STEP
            else:
                bad = rate
                if good:
                    break
                rate /= STEP
        for _ in range(0 if self.quick or not bad else self.bisections):
            middle = (good + bad) / 2
            found = self.step(middle)
            if found["held"]:
                best, good = found, middle
            else:
                bad = middle
        if best is None:
            return Outcome({"edits/s": 0}, details=self.steps)
        figures: Figures = {
            "edits/s": round(best["rate"]),
            "p50 ms": best["latency"]["p50"],
            "p95 ms": best["latency"]["p95"],
            "server CPU us an edit": best["serverCpuPerEdit"],
            "generator CPU": best["generator"]["cpu"],
            "generator late p95 ms": best["generator"]["lateness"]["p95"],
        }
        if overload:
            figures |= self.overload(good)
        # The last failure, if it is the generator's, says that the server may well be faster.
        limited = not bad or any(step["generator"]["limit"] for step in self.steps if step["rate"] >= bad)
        return Outcome(figures, limited, self.steps)

    def step(self, rate: float) -> dict[str, Any]:
        """Type at this rate; again on fresh documents if that nearly held."""
        for _ in range(2):
            found = self.type(rate, SECONDS)
            whole, p95 = found["lost"] == 0 and not found["closed"], found["latency"]["p95"]
            found["held"] = whole and p95 is not None and p95 < P95_MS
            self.steps.append(found)
            if found["held"]:
                break
            self.connected = False
            if not whole and self.server.running:
                os.kill(self.server.server_pid, signal.SIGKILL)
            if not whole or p95 is None or p95 > NEARLY * P95_MS:
                break
        return found

    def overload(self, rate: float) -> Figures:
        """Twice the rate; then half of it, to see whether all is well again."""
        found = self.type(2 * rate, SECONDS + 1, drain_s=RECOVERY_S)
        self.steps.append({**found, "overload": True})
        after = self.type(rate / 2, 2) if found["drainedAfter"] is not None else None
        return {
            "overload: edits/s held": round(found["heldPerSecond"]),
            "overload: share of the capacity": round(found["heldPerSecond"] / rate, 2),
            "overload: p95 ms": found["latency"]["p95"],
            "overload: lost": found["lost"],
            "overload: whole again after s": None if after is None else round(found["drainedAfter"] / 1000, 2),
            "overload: p95 ms afterwards": after and after["latency"]["p95"],
        }

    def type(self, rate: float, seconds: float, *, drain_s: float = DRAIN_S) -> dict[str, Any]:
        try:
            if not self.connected:
                self.connect()
            return self.load.order(
                "type", rate=rate, seconds=1.5 if self.quick else seconds, warm=WARM_S, drainSeconds=drain_s,
                pids=self.server.pids,
            )  # fmt: skip
        except OrderFailed as failed:
            self.connected = False
            nothing = {"p50": None, "p95": None, "p99": None}
            return {
                "rate": rate, "latency": nothing, "lost": -1, "closed": [str(failed)], "drainedAfter": None,
                "heldPerSecond": 0, "generator": {"cpu": None, "lateness": nothing, "limit": False},
            }  # fmt: skip

    def connect(self) -> None:
        shape = self.shape
        self.load.order("leave")
        if not self.server.running:  # the last step was its end
            self.server.reap()
            self.server.start()
        rooms = self.server.documents(shape.documents, shape.people)
        taken = [
            # Those who are looked at closely are at the end: they only read, where somebody only reads.
            seat.taken(typist=n < shape.typists, sampled=n >= shape.people - shape.sampled)
            for seats in rooms
            for n, seat in enumerate(seats)
        ]
        self.load.order("connect", seats=taken)
        self.connected = True
