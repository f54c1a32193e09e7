"""`storm`: everybody loses the network and returns at once, each with a fresh page, until all have everything."""

from statistics import median

from benchmarks.contenders import Contender
from benchmarks.generator import Generator

from . import Outcome

PEOPLE, DOCUMENTS = 500, 50
CONTENT_BYTES = 10_000
WAVES = 3


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    documents = 5 if quick else DOCUMENTS
    rooms = server.documents(documents, (30 if quick else PEOPLE) // documents)
    for seats in rooms:
        content = load.order("content", bytes=CONTENT_BYTES)
        load.order("fill", writer=seats[0].taken(), reader=seats[1].taken(), asOne=True)
        load.order("leave")
    load.order("connect", seats=[seat.taken() for seats in rooms for seat in seats])
    waves = [load.order("storm", bytes=content["bytes"] * 0.9, pids=server.pids) for _ in range(1 if quick else WAVES)]
    last = [wave["whole"]["max"] for wave in waves]
    own = [wave["generatorCpuMs"] for wave in waves]
    figures = {
        "last one whole after ms": median(last),
        "p50 ms": median(wave["whole"]["p50"] for wave in waves),
        "server CPU ms": median(wave["serverCpuMs"] for wave in waves),
        "generator CPU ms": median(own),
    }
    limited = any(cpu > 0.9 * took for cpu, took in zip(own, last, strict=True))
    return Outcome(figures, limited, waves)
