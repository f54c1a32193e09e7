"""The bars of issue 6: ratios of medians that were measured side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

Medians = Mapping[str, Mapping[str, Mapping[str, float]]]  # {scenario: {server: {figure: median}}}


@dataclass(frozen=True, slots=True)
class Bar:
    """`ours` over `theirs` of a figure. `more`: the ratio has to be at least the bar, else at most."""

    scenario: str
    figure: str
    bar: float
    target: float
    more: bool = False
    ours: str = "coscribe-uvicorn"
    theirs: str = "hocuspocus"
    target_of: str = ""  # whom the target is about, where that is somebody else


BARS = (
    Bar("fanout", "letters, p95 ms @ 50 people", 1.5, 1),
    Bar("fanout", "letters, p95 ms @ 200 people", 1.5, 1),
    Bar("fanout", "with carets, p95 ms @ 50 people", 1.5, 1),
    Bar("fanout", "with carets, p95 ms @ 200 people", 1.5, 1),
    Bar("capacity", "edits/s", 1.5, 2, more=True),
    Bar("capacity", "edits/s", 0.75, 1, more=True, ours="coscribe-daphne"),
    Bar("capacity-wide", "edits/s", 1, 1, more=True, target_of="y-websocket"),
    Bar("open", "document not in memory, ms", 0.25, 1, target_of="pycrdt-websocket"),
    Bar("open", "warm, ms", 1, 1, target_of="pycrdt-websocket"),
    Bar("open", "20 at once, not in memory, last ms", 0.5, 1, target_of="pycrdt-websocket"),
    Bar("idle", "kB a person", 1, 0.5),
    Bar("storm", "last one whole after ms", 1, 1, target_of="y-websocket"),
)
OVERLOAD_SHARE, RECOVERY_S = 0.8, 5


def bar_table(found: Medians) -> str:
    """Markdown; empty when nothing of it was measured."""
    rows = [row for bar in BARS if (row := line(bar, found))]
    rows += absolute(found)
    if not rows:
        return ""
    return "\n".join(["| what | measured | bar | | target | |", "| --- | --- | --- | --- | --- | --- |", *rows])


def line(bar: Bar, found: Medians) -> str:
    servers = found.get(bar.scenario, {})
    ours = servers.get(bar.ours, {}).get(bar.figure)
    theirs = servers.get(bar.theirs, {}).get(bar.figure)
    other = servers.get(bar.target_of or bar.theirs, {}).get(bar.figure)
    if ours is None or not theirs:
        return ""
    word = "at least" if bar.more else "at most"
    parts = [
        f"{bar.ours}, {bar.scenario}: {bar.figure}",
        f"{round(ours, 2):,} : {round(theirs, 2):,} = {ours / theirs:.2f}",
    ]
    parts += [f"{word} {bar.bar} {bar.theirs}", verdict(ours / theirs, bar.bar, more=bar.more)]
    parts.append(f"{word} {bar.target} {bar.target_of or bar.theirs}")
    parts.append(f"{ours / other:.2f}: {verdict(ours / other, bar.target, more=bar.more)}" if other else "-")
    return f"| {' | '.join(parts)} |"


def verdict(ratio: float, bar: float, *, more: bool) -> str:
    return "met" if (ratio >= bar if more else ratio <= bar) else "**missed**"


def absolute(found: Medians) -> list[str]:
    """The bars without a peer: overload and durability."""
    rows = []
    for scenario in ("capacity", "capacity-wide"):
        figures = found.get(scenario, {}).get("coscribe-uvicorn", {})
        if "overload: share of the capacity" in figures:
            share, lost = figures["overload: share of the capacity"], figures.get("overload: lost", -1)
            again = figures.get("overload: whole again after s")
            met = share >= OVERLOAD_SHARE and lost == 0 and again is not None and again <= RECOVERY_S
            rows.append(
                f"| {scenario}: twice the capacity | {share} of it held, {lost:g} lost, whole after {again} s | "
                f"{OVERLOAD_SHARE} held, 0 lost, {RECOVERY_S} s | {'met' if met else '**missed**'} | | |"
            )
    for server, figures in found.get("durability", {}).items():
        if server.startswith("coscribe") and figures:
            lost = sum(value for name, value in figures.items() if "lost" in name)
            rows.append(f"| {server}, durability | {lost:g} lost | 0 | {'met' if not lost else '**missed**'} | | |")
    return rows
