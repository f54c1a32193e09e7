"""The wire is written down three times, and must be one: in Python, in TypeScript, in docs/wire.md."""

import re

from collab.core.messages import RESTART, RESTARTS, SUBPROTOCOL, Sync, Type, is_restart, restart_code
from project.settings import COLLAB_DEFAULTS

from .servers import ROOT

SCRIPT = (ROOT / "frontend" / "src" / "collab" / "wire.ts").read_text()
PAPER = (ROOT / "docs" / "wire.md").read_text()


def constants() -> dict[str, int]:
    return {
        name: int(value) for name, value in re.findall(r"^export const ([A-Z_0-9]+) = ([0-9]+)$", SCRIPT, re.MULTILINE)
    }


def test_the_numbers_of_messages_are_the_same_in_both_languages() -> None:
    expected = {each.name: each.value for each in Type}
    expected |= {f"SYNC_{name}": each.value for name, each in zip(("STEP_1", "STEP_2", "UPDATE"), Sync, strict=True)}
    assert constants() == expected
    assert f"export const SUBPROTOCOL = '{SUBPROTOCOL}'" in SCRIPT


def test_every_message_of_ours_is_on_the_paper_under_its_number() -> None:
    listed = {name: int(number) for number, name in re.findall(r"^\| ([0-9]+) \| ([A-Z]+) \|", PAPER, re.MULTILINE)}
    assert listed == {each.name: each.value for each in Type if each >= Type.HELLO}


def test_the_page_watches_no_more_lines_than_the_server_takes() -> None:
    live = (ROOT / "frontend" / "src" / "home" / "live.ts").read_text()
    assert f"export const MAX_WATCHED = {COLLAB_DEFAULTS['MAX_HOME_LINES']}" in live


def test_a_restart_says_how_soon_to_come_back_in_the_same_numbers() -> None:
    """The page's wait is below 200 ms times 2 to the power of what is added to the first of these codes."""
    assert [restart_code(ms) - RESTART for ms in (0, 200, 201, 400, 1000, 5000, 25_600, 1e9)] == [
        0,
        0,
        1,
        1,
        3,
        5,
        7,
        7,
    ]
    assert f"RESTART: {RESTART}," in SCRIPT
    assert f"RESTARTS = {RESTARTS}\n" in SCRIPT
    backoff = (ROOT / "frontend" / "src" / "collab" / "backoff.ts").read_text()
    assert "BACKOFF_BASE_MS = 200\n" in backoff
    assert f"| {RESTART} to {RESTART + RESTARTS - 1} |" in PAPER
    assert not any(map(is_restart, (1006, 1011, 1013, RESTART - 1, RESTART + RESTARTS)))
