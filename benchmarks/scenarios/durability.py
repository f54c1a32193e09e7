"""`durability`: `kill -9` while ten people type. What others had seen, and what was acknowledged, has to be there."""

import time
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.generator import Generator

from . import Figures, Outcome

PEOPLE, TYPISTS = 13, 10
CASES = ((50, 3), (50, 12), (1000, 3))  # edits a second, seconds until the kill
QUICK_CASES = ((50, 1), (1000, 1))


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    figures: Figures = {}
    details = []
    for rate, seconds in QUICK_CASES if quick else CASES:
        found = killed(server, load, rate=rate, seconds=seconds)
        where = f"{rate} edits/s, killed after {seconds} s"
        figures[f"typed @ {where}"] = found["typed"]
        figures[f"seen by others and lost @ {where}"] = found["seen_lost"]
        figures[f"acknowledged and lost @ {where}"] = found["acknowledged_lost"]
        details.append(found)
    return Outcome(figures, details=details)


def killed(server: Contender, load: Generator, *, rate: int, seconds: float) -> dict[str, Any]:
    [seats] = server.documents(1, PEOPLE)
    load.order("connect", seats=[s.taken(typist=n < TYPISTS, sampled=True) for n, s in enumerate(seats)])
    typed = load.order(
        "type", rate=rate, seconds=seconds + 2, drainSeconds=0.1, kill={"pid": server.server_pid, "after": seconds}
    )
    seen = load.order("seen")["people"]
    server.reap()
    load.order("leave")
    server.start()
    time.sleep(0.5)  # a server that answers may still be reading what it has
    clocks = load.order("holdings", seat=seats[-1].taken())["clocks"]
    kept = {person["client"]: clocks.get(str(person["client"]), 0) for person in seen}
    # The paragraph was there from the start; where nothing is kept, it is not counted as an edit.
    lost = {
        name: sum(max(0, person[name] - max(kept[person["client"]], PARAGRAPH)) for person in seen)
        for name in ("seen", "acknowledged")
    }
    told = {"message": True, "echo": True, "": False}[server.acknowledges]
    return {
        "typed": typed["sent"],
        "seen_lost": lost["seen"],
        "acknowledged_lost": lost["acknowledged"] if told else None,
        "people": [{**person, "kept": kept[person["client"]]} for person in seen],
    }


PARAGRAPH = 2  # structs of a typist's first update
