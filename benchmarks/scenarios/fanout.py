"""`fanout`: ten people of one document type five letters a second each, with and without a caret after each letter."""

from benchmarks.contenders import Contender
from benchmarks.generator import Generator

from . import Figures, Outcome

PEOPLE = (2, 10, 50, 200)
TYPISTS = 10
LETTERS_PER_S = 5
SECONDS, WARM_S = 6, 1


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    figures: Figures = {}
    limited = False
    details = []
    for people in PEOPLE[:2] if quick else PEOPLE:
        [seats] = server.documents(1, people)
        typists = min(TYPISTS, people)
        load.order("connect", seats=[s.taken(typist=n < typists, sampled=True) for n, s in enumerate(seats)])
        for cursors in (False, True):
            found = load.order(
                "type", rate=typists * LETTERS_PER_S, seconds=3 if quick else SECONDS, warm=WARM_S, cursors=cursors,
                pids=server.pids,
            )  # fmt: skip
            kind = "with carets" if cursors else "letters"
            for quantile in ("p50", "p95", "p99"):
                figures[f"{kind}, {quantile} ms @ {people} people"] = found["latency"][quantile]
            deliveries = found["sent"] * (people - 1)
            figures[f"{kind}, server CPU us a delivery @ {people} people"] = round(
                found["serverCpuPerEdit"] * found["sent"] / deliveries, 1
            )
            figures[f"{kind}, lost @ {people} people"] = found["lost"]
            limited |= found["generator"]["limit"]
            details.append({"people": people, "cursors": cursors, **found})
        load.order("leave")
    return Outcome(figures, limited, details)
