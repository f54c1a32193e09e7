"""Results as JSON, as tables in Markdown, and as plots: medians of the runs, with the smallest and the largest."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from .bars import bar_table
from .contenders import PEERS
from .plot import line_plot
from .scenarios import Scenario

# {scenario: {server: [run, ...]}}, a run being {"figures", "limited", "details", "error"}
Runs = dict[str, dict[str, list[dict[str, Any]]]]
INTRODUCTION = """# Results

Made by `make bench`; what is measured and how is in [README.md](README.md), every number of every run in
[results.json](results.json). Medians (of losses the worst), `[smallest-largest]` of several runs. `≥`: the load
generator was at its end (or the search was), so the server may be faster. Compare figures of one table only.
"""


def write(runs: Runs, scenarios: Mapping[str, Scenario], out: Path, *, quick: bool = False) -> None:
    """`results.json`, `results.md` and the plots into the folder. A scenario that was run now takes the place of its
    older results: what was not measured side by side is not shown side by side."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "results.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    about = setting()
    results |= {name: {"about": about, "quick": quick, "servers": servers} for name, servers in runs.items()}
    file.write_text(json.dumps(results, indent=1) + "\n")
    parts = [INTRODUCTION]
    for name, scenario in scenarios.items():
        if name in results:
            parts += section(scenario, results[name], out)
    bars = bar_table({name: medians(found["servers"]) for name, found in results.items()})
    if bars:
        parts += ["## Bars", "", bars, ""]
    parts += ["## Versions", "", ", ".join(f"{name} {number}" for name, number in about["versions"].items())]
    (out / "results.md").write_text("\n".join(parts) + "\n")


def on_record(out: Path, names: Sequence[str]) -> Runs:
    """What is on record there of these scenarios, from this commit and machine."""
    file, about = out / "results.json", setting()
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return {name: results[name]["servers"] for name in names if results.get(name, {}).get("about") == about}


def section(scenario: Scenario, results: dict[str, Any], out: Path) -> list[str]:
    """The scenario's heading, table, plots and what went wrong."""
    servers = results["servers"]
    names = list(servers)
    figures = list(dict.fromkeys(key for runs in servers.values() for run in runs for key in run.get("figures", ())))
    lines = [f"## {scenario.title} (`{scenario.name}`)", "", describe(results["about"]), ""]
    if results["quick"]:
        lines += ["**A quick run: it only shows that all works.**", ""]
    lines += [f"| | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for figure in figures:
        lines.append(f"| {figure} | {' | '.join(cell(servers[name], figure) for name in names)} |")
    for name in names:
        lines += [f"\n{name} failed: `{run['error'][-300:]}`" for run in servers[name] if run.get("error")]
    lines.append("")
    for measure, series in plots(medians(servers)).items():
        file = f"{scenario.name}-{slug(measure)}.svg"
        unit = figures_unit(figures, measure)
        (out / file).write_text(line_plot(measure, series, x_label=unit, logarithmic=scenario.logarithmic))
        lines += [f"![{measure}]({file})", ""]
    return lines


def cell(runs: Sequence[dict[str, Any]], figure: str) -> str:
    """`12.3 [11-14]`; a dash where nothing was found."""
    values = [run["figures"][figure] for run in runs if run.get("figures", {}).get(figure) is not None]
    if not values:
        return "-"
    sign = "≥ " if figure.startswith("edits/s") and any(run["limited"] for run in runs) else ""
    spread = f" [{min(values):,}-{max(values):,}]" if len(values) > 1 and min(values) != max(values) else ""
    return f"{sign}{middle(figure, values):,}{spread}"


def medians(servers: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """{server: {figure: median}}."""
    found: dict[str, dict[str, float]] = {}
    for name, runs in servers.items():
        values: dict[str, list[float]] = {}
        for run in runs:
            for figure, value in run.get("figures", {}).items():
                if value is not None:
                    values.setdefault(figure, []).append(value)
        found[name] = {figure: middle(figure, some) for figure, some in values.items()}
    return found


def middle(figure: str, values: Sequence[float]) -> float:
    """The median; of losses the worst, because one is too many."""
    return max(values) if "lost" in figure else round(median(values), 2)


def plots(found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """{measure: {server: points}} of every figure "measure @ number unit" that has three places or more."""
    plotted: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for server, figures in found.items():
        for figure, value in figures.items():
            measure, at, where = figure.partition(" @ ")
            number = where.split(" ")[0]
            if at and number.isdecimal() and "," not in where:
                plotted.setdefault(measure, {}).setdefault(server, []).append((float(number), value))
    return {
        measure: series
        for measure, series in plotted.items()
        if "lost" not in measure and any(len(points) > 2 for points in series.values())
    }


def figures_unit(figures: Sequence[str], measure: str) -> str:
    return next(figure for figure in figures if figure.startswith(f"{measure} @ ")).rpartition(" ")[2]


def slug(measure: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in measure.lower()).split())


def setting() -> dict[str, Any]:
    """The machine, and the versions of what ran."""
    node = json.loads((PEERS / "package-lock.json").read_text())["packages"]
    wanted = ("@hocuspocus/server", "@hocuspocus/extension-sqlite", "better-sqlite3", "@y/websocket-server", "ws",
              "y-leveldb", "yjs")  # fmt: skip
    ours = ("django", "channels", "channels-redis", "uvicorn", "uvloop", "websockets", "daphne", "pycrdt")
    versions = {name: version(name) for name in ours}
    versions |= {name: node[f"node_modules/{name}"]["version"] for name in wanted if f"node_modules/{name}" in node}
    for found in sorted(PEERS.glob(".venv/lib/python3*/site-packages/pycrdt_*.dist-info")):
        name, _, number = found.name.removesuffix(".dist-info").partition("-")
        versions[name] = number
    python = f"{platform.python_version()} ({platform.python_compiler()})"
    versions |= {"python": python, "node": said("node", "--version")}
    return {
        "day": datetime.now(tz=UTC).date().isoformat(),
        "commit": said("git", "rev-parse", "--short", "HEAD"),
        "machine": f"{os.cpu_count()} cores ({processor()}), {memory_gib()} GiB, {platform.system()} "
        f"{platform.release()}",
        "versions": versions,
    }


def describe(about: Mapping[str, Any]) -> str:
    return f"{about['day']}, commit {about['commit']}, Python {about['versions']['python']}, {about['machine']}."


def said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "?"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
