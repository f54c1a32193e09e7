"""`deploy/grafana/coscribe.json`: it asks for nothing that we do not export, and Grafana can draw it."""

import asyncio
import itertools
import json
import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collab import metrics
from collab.hub import Hub
from permissions.letters import Waiting
from tests.servers import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "coscribe.json"
ADDED = {"job", "instance"}  # by Prometheus, to everything
SERIES = re.compile(r"\b((?:coscribe|process|python)_[a-z0-9_]+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([a-z, ]+)\)")


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> list[Any]:
    return [
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in panels()
        for target in panel["targets"]
    ]


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """Each series that we export -> its labels."""

    async def read() -> str:
        hub = Hub()  # that does nothing: a beat and a close are seen once there was one
        hub.tally.beat("hub.sweep", 0.1, 1.0)
        hub.tally.closes[4403] += 1
        return metrics.render(hub, Waiting(0, 0.0)).decode()

    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(asyncio.run(read())):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("query", queries())
def test_a_query_asks_for_what_we_export(query: str, exported: dict[str, set[str]]) -> None:
    asked = SERIES.findall(query)
    if "up{" not in query:
        assert asked, "it asks for nothing of ours"
    for name, selector in asked:
        assert name in exported
        assert set(re.findall(r"([a-z]+)=", selector)) <= exported[name] | ADDED
        grouped = {label.strip() for labels in GROUPED.findall(query) for label in labels.split(",")}
        assert grouped <= exported[name] | ADDED


@pytest.mark.parametrize("query", queries())
def test_a_query_is_whole(query: str) -> None:
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)
    assert query.count('"') % 2 == 0
    for name, _ in SERIES.findall(query):
        counted = name.endswith(("_total", "_bucket", "_sum", "_count"))
        assert counted == (f"rate({name}" in query), f"{name}: what only grows is asked for its rate, and nothing else"


def test_what_we_export_is_shown(exported: dict[str, set[str]]) -> None:
    shown = {name for query in queries() for name, _ in SERIES.findall(str(query.values[0]))}
    stems = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in exported if name.startswith("coscribe_")}
    missing = {stem for stem in stems if not any(name.startswith(stem) for name in shown)}
    assert not missing


def test_it_can_be_drawn() -> None:
    board = dashboard()
    assert (board["uid"], board["schemaVersion"]) == ("coscribe", 39)
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))
    names = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)", DASHBOARD.read_text()))
    assert used <= names
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"]["type"] == "prometheus"
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEF"[: len(panel["targets"])])


def test_panels_do_not_lie_on_each_other() -> None:
    places = [panel["gridPos"] for panel in dashboard()["panels"]]
    for place in places:
        assert place["x"] + place["w"] <= 24
    for one, other in itertools.combinations(places, 2):
        assert (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
