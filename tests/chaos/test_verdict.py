"""The judge of the chaos run sees what it should see: each kind of violation, planted into a run that was well."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pycrdt import Doc, Text

from tests.faults.ledger import Log, Row

from .verdict import Loss, Record, Silence, judge

MINUTES = "minutes"


@dataclass
class Run:
    """Ada and bob wrote; bob could not after row 4, and heard nothing after second 10."""

    rows: list[Row]
    records: list[Record]
    losses: list[Loss] = field(default_factory=lambda: [Loss(2, MINUTES, 4, 6)])
    silences: list[Silence] = field(default_factory=lambda: [Silence(2, MINUTES, 10.0, 20.0)])
    head: int | None = None

    def judged(self) -> set[str]:
        log = Log(len(self.rows) if self.head is None else self.head, self.rows)
        found = judge({MINUTES: log}, self.records, self.losses, self.silences)
        return {each.partition(":")[0] for each in found}


@pytest.fixture
def run() -> Run:
    doc: Doc[Any] = Doc()
    text = doc.get("text", type=Text)
    rows = []
    script = [("ada", 1), ("bob", 2), ("ada", 1), ("bob", 2), ("ada", 1), ("ada", 1), ("bob", 2)]
    counts: dict[str, int] = {}
    for seq, (name, author) in enumerate(script, 1):
        before = doc.get_state()
        counts[name] = counts.get(name, 0) + 1
        text.insert(len(str(text)), f"<{name}{counts[name]}>")
        rows.append(Row(seq, author, doc.get_update(before)))
    everything = str(text)
    return Run(
        rows,
        [
            Record("ada", 1, MINUTES, 4, 4, everything, "", [1.0, 12.0, 25.0], present=True),
            Record("bob", 2, MINUTES, 3, 3, everything, "", [1.0, 9.0, 21.0], present=True),
            Record("bobold", 2, MINUTES, 2, 0, everything + "<bobold1><bobold2>", "", [2.0]),
        ],
    )


def test_a_run_that_was_well_is_well(run: Run) -> None:
    assert run.judged() == set()


MUTANTS: dict[str, tuple[Callable[[Run], object], set[str]]] = {
    "an acknowledged word was lost": (lambda run: run.rows.pop(), {"acknowledged", "diverged", "missing", "seen"}),
    "a row is missing in the middle": (
        lambda run: run.rows.pop(2),
        {"acknowledged", "diverged", "hole", "missing", "pending", "seen"},
    ),
    "the head is ahead": (lambda run: setattr(run, "head", 9), {"hole"}),
    "a word was stored twice": (lambda run: twice(run), {"diverged", "invented", "order"}),
    "somebody else's words": (lambda run: give(run, 3, 2), {"forged"}),
    "a row without the right": (lambda run: give(run, 5, 2), {"forged", "trespass"}),
    "a reader heard after the bound": (lambda run: run.records[1].heard.append(10.5), {"overheard"}),
    "a page shows something else": (lambda run: setattr(run.records[0], "text", "<ada1>"), {"diverged"}),
    "a page scribbled alone": (lambda run: setattr(run.records[0], "scribbles", "x"), {"diverged"}),
    "a page saw what was never stored": (
        lambda run: setattr(run.records[2], "text", run.records[2].text + "<ada5>"),
        {"seen"},
    ),
    "words of nobody": (lambda run: run.records.pop(0), {"invented"}),
    "more than was typed": (lambda run: setattr(run.records[0], "words", 3), {"invented"}),
    "not everything was saved": (lambda run: setattr(run.records[1], "words", 4), {"missing"}),
    "the wire's rules": (lambda run: setattr(run.records[2], "broken", "a DELTA before the STATE"), {"wire"}),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_violation_is_seen(run: Run, mutant: str) -> None:
    plant, expected = MUTANTS[mutant]
    plant(run)
    assert run.judged() == expected


def give(run: Run, seq: int, author: int) -> None:
    """The row is said to be this author's."""
    run.rows[seq - 1] = Row(seq, author, run.rows[seq - 1].payload)


def twice(run: Run) -> None:
    """Ada's first word again, in a row of its own, as a client that lost its state would send it."""
    doc: Doc[Any] = Doc()
    doc.get("text", type=Text).insert(0, "<ada1>")
    run.rows.append(Row(len(run.rows) + 1, 1, doc.get_update()))
