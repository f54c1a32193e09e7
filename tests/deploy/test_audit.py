"""`make audit` says whether it knows of holes, and never takes silence for health."""

import json
from pathlib import Path

import pytest

from deploy import audit
from deploy.audit import Found

FINE, HOLED, SILENT = Found("a"), Found("a", holes=["django 4.0: X"]), Found("a", silence="405 Method Not Allowed")


@pytest.mark.parametrize(
    ("found", "arguments", "code"),
    [
        ([FINE, FINE], [], 0),
        ([FINE, HOLED], [], 1),
        ([SILENT, HOLED], ["--where-it-answers"], 1),
        ([FINE, SILENT], [], 2),
        ([FINE, SILENT], ["--where-it-answers"], 0),
    ],
)
def test_silence_is_not_health(
    found: list[Found],
    arguments: list[str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(audit, "ask_pypi", lambda: found[0])
    monkeypatch.setattr(audit, "ask_npm", lambda: found[1])
    monkeypatch.setattr("sys.argv", ["audit.py", *arguments])
    try:
        audit.main()
        ended = 0
    except SystemExit as ending:
        ended = int(str(ending.code))
    assert ended == code
    assert ("NOT AUDITED" in capsys.readouterr().out) == (SILENT in found)


def test_a_source_that_knows_no_hole_of_a_package_full_of_them_was_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def audited(listed: Path) -> list[str]:
        asked.append(listed.read_text())
        return []

    monkeypatch.setattr(audit, "audit", audited)
    assert "knows no holes of django==4.0" in audit.ask_pypi().silence
    assert asked == [audit.CANARY]


def test_everything_that_is_locked_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    def audited(listed: Path) -> list[str]:
        text = listed.read_text()
        return (
            ["a hole"] if text == audit.CANARY else [line for line in text.splitlines() if line.startswith("pycrdt==")]
        )

    monkeypatch.setattr(audit, "audit", audited)
    assert audit.ask_pypi().holes == ["pycrdt==0.14.13"]


def test_what_npm_says_is_read() -> None:
    said = json.dumps({"vulnerabilities": {"yjs": {"severity": "high"}}})
    assert audit.read_npm(said, "").holes == ["yjs: high"]
    assert audit.read_npm(json.dumps({"vulnerabilities": {}}), "") == Found("npm")
    refused = "npm warn audit 405 Method Not Allowed\n\nnpm error audit endpoint returned an error\n"
    assert audit.read_npm("", refused).silence == "npm warn audit 405 Method Not Allowed"
