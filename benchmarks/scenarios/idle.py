"""`idle`: memory of people who are connected and do nothing, four to a document."""

import time

from benchmarks.contenders import Contender
from benchmarks.generator import Generator

from . import Figures, Outcome

PEOPLE, PER_DOCUMENT = 1000, 4
REST_S, WATCH_S = 3, 15


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    people = 40 if quick else PEOPLE
    rooms = server.documents(people // PER_DOCUMENT + 1, PER_DOCUMENT)
    server.stop()
    server.start()
    pids = server.pids
    empty = load.order("weigh", pids=pids)
    # What a process needs to serve anybody at all is not the thousandth person's cost.
    load.order("connect", seats=[seat.taken() for seat in rooms[-1]])
    load.order("appear")
    time.sleep(1)
    first = load.order("weigh", pids=pids)
    came = load.order("connect", seats=[seat.taken() for seats in rooms[:-1] for seat in seats])
    load.order("appear")
    time.sleep(REST_S)
    full = load.order("weigh", pids=pids)
    load.order("appear", again=True)
    rested = load.order("rest", ms=1000 if quick else WATCH_S * 1000)
    later = load.order("weigh", pids=pids)
    figures: Figures = {
        "kB a person": round((full["bytes"] - first["bytes"]) / people / 1000, 1),
        "kB a person, later": round((later["bytes"] - first["bytes"]) / people / 1000, 1),
        "MB empty": round(empty["bytes"] / 1e6, 1),
        "MB with one document of four": round(first["bytes"] / 1e6, 1),
        "MB with all": round(full["bytes"] / 1e6, 1),
        "CPU s to let them in": round(full["cpuSeconds"] - first["cpuSeconds"], 2),
        "CPU while idle": round((later["cpuSeconds"] - full["cpuSeconds"]) / (1 if quick else WATCH_S), 3),
        "disconnected": rested["closed"],
    }
    return Outcome(figures, details={"came": came})
