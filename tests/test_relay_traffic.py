"""What docs/scaling.md counts with: the arithmetic of relay traffic, a simulation of it, and processes that run."""

import asyncio
from dataclasses import replace
from statistics import mean

import pytest

from benchmarks.relay_traffic import Town, Traffic, expect, measure, simulate

from .conftest import StartApp
from .seed import scene
from .servers import Redis


def simulated(town: Town, runs: int = 12) -> Traffic:
    found = [simulate(replace(town, seed=seed)) for seed in range(runs)]
    return Traffic(
        *(mean(values) for values in zip(*((t.letters, t.published, t.delivered) for t in found), strict=True))
    )


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
@pytest.mark.parametrize("commit_s", [0.002, 0.01])
def test_the_arithmetic_is_what_the_simulation_finds(processes: int, commit_s: float) -> None:
    town = Town(processes=processes, documents=20, people=5, commit_s=commit_s, seconds=20)
    said, found = expect(town), simulated(town)
    assert found.letters == pytest.approx(said.letters, rel=0.03)
    assert found.published == pytest.approx(said.published, rel=0.04)
    assert found.delivered == pytest.approx(said.delivered, rel=0.06)


def test_a_run_with_the_same_seed_is_the_same() -> None:
    assert simulate(Town(seed=7)) == simulate(Town(seed=7)) != simulate(Town(seed=8))


def test_a_slow_commit_gathers_and_never_loses() -> None:
    fast, slow = Town(processes=1, commit_s=0.001), Town(processes=1, commit_s=2.0)
    assert simulate(slow).published < 0.4 * simulate(fast).published
    assert simulate(slow).letters == simulate(fast).letters


async def test_processes_that_run_say_what_was_counted(postgres_url: str, redis: Redis, start_app: StartApp) -> None:
    town = Town(processes=2, documents=3, people=3, typists=2, seconds=4)
    shared = {f"p{number}": "editor" for number in range(town.people - 1)}
    made = scene(owner="host", shared=shared, database_url=postgres_url, documents=town.documents)
    apps = [
        await asyncio.to_thread(start_app, "uvicorn", database_url=postgres_url, redis_url=redis.url) for _ in range(2)
    ]
    found, commit_s = await measure(town, apps, redis.url, made)
    # No edit is published twice; those that came during one commit go together, and a machine with much else to do
    # gathers more than the median commit says.
    assert 0.6 * simulate(replace(town, commit_s=commit_s)).published <= found.published <= found.letters
    reached = simulate(town).delivered / simulate(town).published
    assert found.delivered / found.published == pytest.approx(reached, rel=0.2)
