"""A hundred thousand updates that were real once: none brings down a room, and none makes it say two things."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from collab.core import messages
from tests.servers import ROOT

from .arena import Arena, push
from .corpus import session
from .mutation import mutate

LONG = bool(os.environ.get("COSCRIBE_LONG"))
CASES = 500_000 if LONG else 50_000
OVER_A_SOCKET = 3_000 if LONG else 300


@pytest.mark.parametrize("seed", [1, 6] if not LONG else [int.from_bytes(os.urandom(4)), 6])
def test_mutated_updates_leave_a_room_with_one_truth(tmp_path: Path, seed: int) -> None:
    progress = tmp_path / "progress"
    child = subprocess.run(
        [sys.executable, "-m", "tests.hostile.probation", str(seed), str(CASES), str(progress)],
        cwd=ROOT, env={**os.environ, "RUST_BACKTRACE": "0"}, capture_output=True, text=True, timeout=1_500,
    )  # fmt: skip
    told = f"at {progress.read_text()}\n{child.stderr[-2_000:]}"
    assert child.returncode >= 0, f"killed by {signal.Signals(-child.returncode).name} {told}"
    assert child.returncode == 0, told
    counted = json.loads(child.stdout)
    assert counted["mutated"] >= CASES
    assert min(counted[each] for each in ("committed", "closed 4400", "closed 4409", "reloads", "compared")) > 0, (
        counted
    )


async def test_mutated_updates_over_a_socket_harm_nobody(arena: Arena) -> None:
    seed = int.from_bytes(os.urandom(4)) if LONG else 7
    print(f"seed {seed}")
    rng = Random(seed)
    real = [update for _, update in session(rng, edits=200, emoji=False)]
    async with arena.attacked() as scene:
        sent = 0
        while sent < OVER_A_SOCKET:
            mallory = await scene.mallory()
            while mallory.closed is None and sent < OVER_A_SOCKET:
                sent += 1
                await mallory.send(push(mallory.batch + 1, mutate(rng, rng.choice(real), real), whole=True))
                mallory.batch += 1
                await mallory.send(messages.encode_ping(sent))
            await mallory.close()
