"""`python -m benchmarks run --scenario fanout --servers coscribe-uvicorn,hocuspocus`: Coscribe beside its peers."""

import argparse
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from deploy.parts import NotInstalled, NotStarted

from . import report
from .contenders import Contender, Hocuspocus, PycrdtWebsocket, YWebsocket
from .coscribe import Coscribe, Kind
from .generator import Generator, OrderFailed
from .scenarios import Scenario, all_scenarios

PEERS: dict[str, Callable[[], Contender]] = {
    "hocuspocus": Hocuspocus,
    "y-websocket": YWebsocket,
    "pycrdt-websocket": PycrdtWebsocket,
}
COSCRIBE = re.compile(r"coscribe-(uvicorn|daphne)(-postgres)?(-redis)?(-v1)?")


def main() -> None:
    """Run what the arguments say."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended too
    scenarios = all_scenarios()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure")
    run.add_argument("--scenario", default=",".join(scenarios), help=f"of {', '.join(scenarios)}; default all")
    run.add_argument(
        "--servers",
        help=f"of {', '.join(PEERS)}, coscribe-(uvicorn|daphne)[-postgres][-redis][-v1]; default: by scenario",
    )
    run.add_argument("--runs", type=int, default=1, help="of each; medians are shown")
    run.add_argument("--add", action="store_true", help="keep what is on record of these scenarios and this commit")
    run.add_argument("--quick", action="store_true", help="only show that all works: the figures mean nothing")
    run.add_argument("--out", type=Path, default=Path("var/benchmarks"), help="folder; docs/benchmarks is make bench's")
    commands.add_parser("list", help="what there is")
    options = parser.parse_args()
    if options.command == "list":
        for scenario in scenarios.values():
            print(f"{scenario.name:14} {scenario.title}: {', '.join(scenario.servers)}")
        return
    chosen = [scenarios[name] for name in options.scenario.split(",")]
    runs: report.Runs = report.on_record(options.out, [one.name for one in chosen]) if options.add else {}
    for number in range(options.runs):
        for scenario in chosen:
            for name in options.servers.split(",") if options.servers else scenario.servers:
                began = time.monotonic()
                print(f"{scenario.name} {name} ({number + 1} of {options.runs}) ...", end=" ", flush=True)
                found = measure(scenario, name, quick=options.quick)
                runs.setdefault(scenario.name, {}).setdefault(name, []).append(found)
                print(f"{time.monotonic() - began:.0f} s {said(found)}", flush=True)
                report.write(
                    runs, scenarios, options.out, quick=options.quick
                )  # what is there is there, whatever comes
    print(options.out / "results.md")


def measure(scenario: Scenario, name: str, *, quick: bool) -> dict[str, Any]:
    """One run of a fresh server under a fresh generator. A server that fails has no figures but an error."""
    try:
        server = contender(name)
    except (NotInstalled, NotStarted) as failed:
        return {"error": str(failed), "limited": False, "figures": {}}
    os.sync()  # so that nobody waits for the disk on account of those before
    try:
        with Generator() as load:
            outcome = scenario.run(server, load, quick)
    except (OrderFailed, NotStarted) as failed:
        return {"error": str(failed), "limited": False, "figures": {}}
    finally:
        server.remove()
    return {"figures": outcome.figures, "limited": outcome.limited, "details": outcome.details}


def contender(name: str) -> Contender:
    """A started server of this name. Raises `ValueError`, `NotInstalled`, `NotStarted`."""
    if name in PEERS:
        return PEERS[name]()
    parts = COSCRIBE.fullmatch(name)
    if not parts:
        raise ValueError(f"no server is called {name!r}")
    return Coscribe(
        cast(Kind, parts[1]), postgres=bool(parts[2]), redis=bool(parts[3]), dialect="v1" if parts[4] else "y"
    )


def said(found: dict[str, Any]) -> str:
    """The run in a line."""
    if found.get("error"):
        return f"FAILED: {found['error'].splitlines()[0]}"
    figures = "; ".join(f"{name} {value}" for name, value in found["figures"].items())
    return f"{'(generator at its limit) ' if found['limited'] else ''}{figures}"


if __name__ == "__main__":
    main()
