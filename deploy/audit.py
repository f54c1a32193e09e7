"""`make audit`: do the packages that run here have known holes? Asks PyPI and npm about what the lock files name.

Ends with 0: none is known; 1: some are, and they are printed; 2: one of the two could not be asked, which is not the
same as none. `--where-it-answers` makes a 0 of the 2 (for CI behind a mirror that does not pass such questions on), and
says so all the same.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CANARY = "django==4.0\n"  # has known holes: a source that knows none for it knows nothing


@dataclass(frozen=True)
class Found:
    """What a source said: a line a hole; or why it said nothing."""

    source: str
    holes: list[str] = field(default_factory=list)
    silence: str = ""


def main() -> None:
    found = [ask_pypi(), ask_npm()]
    for each in found:
        if each.silence:
            print(f"{each.source}: NOT AUDITED, it could not be asked: {each.silence}")
        elif each.holes:
            print(f"{each.source}: {len(each.holes)} known holes")
            print("\n".join(f"  {line}" for line in each.holes))
        else:
            print(f"{each.source}: no known holes")
    if any(each.holes for each in found):
        sys.exit(1)
    if any(each.silence for each in found) and "--where-it-answers" not in sys.argv:
        sys.exit(2)


def ask_pypi() -> Found:
    """By pip-audit, about uv.lock."""
    with tempfile.TemporaryDirectory(prefix="coscribe-audit-") as folder:
        canary, ours = Path(folder, "canary.txt"), Path(folder, "ours.txt")
        canary.write_text(CANARY)
        said = audit(canary)
        if isinstance(said, str):
            return Found("PyPI", silence=said)
        if not said:
            return Found("PyPI", silence=f"it knows no holes of {CANARY.strip()}, which has some")
        ours.write_text(requirements())
        said = audit(ours)
        return Found("PyPI", silence=said) if isinstance(said, str) else Found("PyPI", holes=said)


def requirements() -> str:
    """What uv.lock names, a line a package."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    return "".join(f"{each['name']}=={each['version']}\n" for each in locked if "registry" in each["source"])


def audit(listed: Path) -> list[str] | str:
    """The holes of what is listed; a string: why that is not known."""
    command = ["-m", "pip_audit", "--requirement", str(listed), "--no-deps", "--disable-pip", "--format", "json"]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return why(done.stderr)
    skipped = [each for each in packages if "skip_reason" in each]
    if skipped:
        return f"{len(skipped)} of {len(packages)} packages: {skipped[0]['skip_reason']}"
    return [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'nothing yet'}"
        for each in packages
        for hole in each["vulns"]
    ]


def ask_npm() -> Found:
    """By `npm audit`, about what is served to browsers."""
    command = ["npm", "--prefix", str(ROOT / "frontend"), "audit", "--omit", "dev", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return Found("npm", silence="npm is not installed")
    return read_npm(done.stdout, done.stderr)


def read_npm(out: str, err: str) -> Found:
    """What `npm audit --json` printed."""
    try:
        said = json.loads(out)
        holes = said["vulnerabilities"]
    except (ValueError, KeyError):
        return Found("npm", silence=why(err))
    return Found("npm", holes=[f"{name}: {each['severity']}" for name, each in sorted(holes.items())])


def why(text: str) -> str:
    """The line of a program's last words that tells most: of npm the one with the registry's answer."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "complete log" not in line]
    told = [line for line in lines if line.startswith("npm warn audit")]
    return (told or lines or ["it said nothing"])[-1]


if __name__ == "__main__":
    main()
