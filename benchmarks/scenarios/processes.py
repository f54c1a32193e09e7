"""`processes`: one, two and three processes of Coscribe on Redis and PostgreSQL, behind nginx where it is installed.

All of them share the servers' core, so this shows what a hop through Redis adds and costs; more processes on the same
core cannot carry more.
"""

from benchmarks.contenders import Contender
from benchmarks.coscribe import Coscribe
from benchmarks.generator import Generator
from benchmarks.nginx import Nginx

from . import Figures, Outcome
from .capacity import Search, Shape

SHAPE = Shape(documents=1, people=30, typists=10, sampled=3, start=2000)
RATE, SECONDS, WARM_S = 50, 5, 1
BISECTIONS = 2


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    figures: Figures = {}
    limited = False
    server.stop()
    through = Nginx.installed()
    for count in (1, 2) if quick else (1, 2, 3):
        cluster = Coscribe("uvicorn", postgres=True, redis=True, processes=count, behind_nginx=through)
        try:
            [seats] = cluster.documents(1, SHAPE.people)
            load.order("connect", seats=[s.taken(typist=n < 10, sampled=True) for n, s in enumerate(seats)])
            typed = load.order("type", rate=RATE, seconds=SECONDS, warm=WARM_S, pids=cluster.pids)
            where = f"{count} processes"
            for quantile in ("p50", "p95", "p99"):
                figures[f"letters, {quantile} ms @ {where}"] = typed["latency"][quantile]
            figures[f"letters, lost @ {where}"] = typed["lost"]
            load.order("leave")
            found = Search(cluster, load, SHAPE, quick=quick, bisections=BISECTIONS).run(overload=False)
            figures[f"edits/s @ {where}"] = found.figures["edits/s"]
            limited |= found.limited
            load.order("leave")
        finally:
            cluster.remove()
    figures["nginx in front (1: yes)"] = int(through)
    return Outcome(figures, limited)
