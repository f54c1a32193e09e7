"""The scenarios of issue 6. Each runs alone against any server; what it finds are figures, named "measure @ where"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.generator import Generator

Figures = dict[str, float | None]
STANDARD = ("coscribe-uvicorn", "coscribe-daphne", "hocuspocus", "y-websocket", "pycrdt-websocket")
EVERY = (*STANDARD[:2], "coscribe-uvicorn-postgres", "coscribe-uvicorn-redis", *STANDARD[2:])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run found. `limited`: the generator was at its end somewhere that counts. `details` go to the JSON."""

    figures: Figures
    limited: bool = False
    details: Any = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """`run(server, load, quick)` measures a fresh server with a fresh generator; `quick` only shows that all works."""

    name: str
    title: str
    run: Callable[[Contender, Generator, bool], Outcome]
    servers: tuple[str, ...] = STANDARD
    logarithmic: bool = False


def all_scenarios() -> dict[str, Scenario]:
    """By name, in the order in which they run."""
    from . import browsers, capacity, durability, fanout, growth, idle, opening, processes, storm

    found = [
        Scenario("fanout", "Latency of typing, one document", fanout.run, EVERY),
        Scenario("capacity", "Capacity of one document: 50 clients, 10 type", capacity.one, EVERY),
        Scenario("capacity-wide", "Capacity of 100 documents: 4 clients each, all type", capacity.many, EVERY),
        Scenario("open", "Opening a long document", opening.run),
        Scenario("idle", "People who do nothing", idle.run),
        Scenario("storm", "Everybody returns at once", storm.run),
        Scenario("durability", "kill -9 while typing", durability.run, (*EVERY, "coscribe-uvicorn-v1")),
        *(
            Scenario(
                f"growth-{name}", f"An edit and an opening, by {what}", growth.along(axis), servers, logarithmic=True
            )
            for name, what, axis, servers in (
                ("size", "the size of the document", growth.sizes, STANDARD),
                ("people", "the people in the document", growth.people, STANDARD),
                ("history", "the length of its history", growth.histories, STANDARD[:1]),
                ("documents", "the documents on the disk", growth.documents, STANDARD[:1]),
            )
        ),
        Scenario("processes", "Several processes", processes.run, ("coscribe-uvicorn-postgres-redis",)),
        Scenario("browsers", "Two people in real browsers", browsers.run, STANDARD[:1]),
    ]
    return {scenario.name: scenario for scenario in found}
