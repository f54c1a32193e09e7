"""`open`: from the connection to the whole content of a document that 259,778 operations have made."""

import time

from benchmarks.contenders import Contender, Seat
from benchmarks.generator import Generator

from . import Figures, Outcome

OPERATIONS, PER_UPDATE = 259_778, 10
AT_ONCE = 20
REPEATS = 3


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    figures: Figures = {}
    trace = load.order("trace", operations=5_000 if quick else OPERATIONS, perUpdate=PER_UPDATE)
    # Content is taken for whole once most of it has come; what came with which message is looked at afterwards.
    expected = {"bytes": trace["bytes"] * 0.5, "vector": trace["vector"]}
    [seats, other] = server.documents(2, AT_ONCE)
    filled = load.order("fill", writer=seats[0].taken(), reader=seats[1].taken(), asOne=server.fills_as_one)
    time.sleep(server.stored_after_s)
    load.order("leave")

    def opened(some: list[Seat], *, stay: bool = False) -> dict[str, float]:
        found = load.order("open", seats=[s.taken() for s in some], stay=stay, pids=server.pids, **expected)
        return {**found["whole"], "cpu": found["serverCpuMs"]}

    def restarted(*, warm: bool) -> None:
        load.order("leave")
        server.stop()
        server.start()
        if warm:  # the process has opened another document
            for seat in other[:5]:
                load.order("open", seats=[seat.taken()], bytes=0, vector={})

    new, cold, warm = [], [], []
    for _ in range(1 if quick else REPEATS):
        restarted(warm=False)
        new.append(opened(seats[:1])["p50"])
        restarted(warm=True)
        cold.append(opened(seats[:1], stay=True)["p50"])
        warm += [opened([seat])["p50"] for seat in seats[1 : 2 if quick else 11]]
    herd_warm = opened(seats)
    restarted(warm=True)
    herd_cold = opened(seats)
    for name, values in (("new process", new), ("document not in memory", cold), ("warm", warm)):
        figures[f"{name}, ms"] = sorted(values)[len(values) // 2]
    for name, herd in (("20 at once, warm", herd_warm), ("20 at once, not in memory", herd_cold)):
        figures[f"{name}, p50 ms"] = herd["p50"]
        figures[f"{name}, last ms"] = herd["max"]
    figures["server CPU ms of 20 warm"] = herd_warm["cpu"]
    return Outcome(figures, details={"trace": trace, "filled": filled, "new": new, "cold": cold, "warm": warm})
