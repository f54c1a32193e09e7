"""The units, checked by systemd's own programs; no systemd runs where tests do."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.parts import find_program
from tests.servers import ROOT

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
HOME = "/opt/coscribe"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, for this place in place of /opt/coscribe, so that what they start is there."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace(HOME, str(ROOT)))
    return tmp_path


def analyze(*arguments: str | Path, units: Path) -> subprocess.CompletedProcess[str]:
    program = find_program("systemd-analyze", package="systemd")
    env = {"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{units}:/lib/systemd/system"}
    return subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=False)


def test_systemd_understands_every_line(units: Path) -> None:
    shutil.copy(units / "coscribe@.service", units / "coscribe@8001.service")  # an instance
    for name in (
        "coscribe@8001.service",
        "coscribe-worker.service",
        "coscribe-migrate.service",
        "coscribe-backup.service",
        "coscribe-backup.timer",
        "coscribe.target",
    ):
        done = analyze("verify", "--man=no", "--recursive-errors=no", units / name, units=units)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), name


def test_a_line_that_systemd_does_not_understand_would_be_found(units: Path) -> None:
    """Or the test above could not fail."""
    worker = units / "coscribe-worker.service"
    worker.write_text(worker.read_text().replace("ProtectSystem=strict", "ProtectSystems=strict"))
    assert "ProtectSystems" in analyze("verify", "--man=no", "--recursive-errors=no", worker, units=units).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_process_that_is_taken_over_reaches_little(units: Path, name: str) -> None:
    """systemd's own score: 0 is a closed box, 10 an open door. Under 2.0 it calls "OK"."""
    done = analyze("security", "--offline=yes", "--threshold=20", "--no-pager", units / name, units=units)
    assert done.returncode == 0, done.stdout[-300:]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_starts_is_there_and_may_be_started(name: str) -> None:
    for line in re.findall(r"^Exec\w+=(.+)$", (UNITS / name).read_text(), re.MULTILINE):
        for word in line.split():
            if word.startswith(f"{HOME}/"):
                path = ROOT / word.removeprefix(f"{HOME}/")
                assert path.exists(), word
        assert os.access(ROOT / line.split()[0].removeprefix(f"{HOME}/"), os.X_OK)


def test_a_process_has_the_time_it_needs_to_leave() -> None:
    from django.conf import settings

    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / "coscribe@.service")
    needed_ms = settings.COLLAB["DRAIN_LIMIT_MS"] + settings.COLLAB["DRAIN_NOTICE_MS"]
    assert int(unit["Service"]["TimeoutStopSec"]) * 1000 > needed_ms
    assert unit["Service"].get("KillSignal", "SIGTERM") == "SIGTERM"


def test_the_example_of_an_environment_is_one_that_the_settings_take(tmp_path: Path) -> None:
    """Every name in it is documented, and with it `check --deploy` has nothing to say."""
    example = (ROOT / "deploy" / "coscribe.env.example").read_text()
    values = dict(line.partition("=")[::2] for line in example.splitlines() if line and not line.startswith("#"))
    documented = (ROOT / "docs" / "configuration.md").read_text()
    assert [name for name in values if f"| `{name}` |" not in documented] == []
    values |= {"SECRET_KEY": "x" * 60 + "abcdefghij", "MEDIA_ROOT": str(tmp_path)}
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **values}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
