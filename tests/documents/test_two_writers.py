"""Random scripts of two and three people, with real editors under Node: the server reads what their pages show."""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from documents.content import ROOT, tree
from documents.mend import mended
from documents.schema import Invalid, check, normal

FRONTEND = Path(__file__).parents[2] / "frontend"
SCRIPTS = 5_000 if os.environ.get("COSCRIBE_LONG") else 100


def test_the_server_reads_what_the_pages_show(tmp_path: Path) -> None:
    stored = tmp_path / "stored.jsonl"
    done = subprocess.run(
        ["npx", "vitest", "run", "test/writers/writers.test.ts"],
        cwd=FRONTEND,
        env={**os.environ, "STORE": str(stored), "SCRIPTS": str(SCRIPTS), "FIRST": "100001"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-8_000:]
    lines = [json.loads(line) for line in stored.read_text().splitlines()]
    assert len(lines) == SCRIPTS
    for line in lines:
        found = mended(tree(base64.b64decode(line["state"])))
        check(found)
        assert normal(found) == normal(line["json"]), f"SEED={line['seed']}"


def element(name: str, *children: "XmlElement | XmlText", **attributes: object) -> XmlElement:
    return XmlElement(name, attributes, list(children))  # type: ignore[arg-type]


def document(*blocks: XmlElement) -> bytes:
    doc: Doc[XmlFragment] = Doc()
    doc[ROOT] = XmlFragment(list(blocks))
    return doc.get_update()


def shown(*blocks: XmlElement) -> str:
    """The mended document, its nodes by name."""

    def names(node: dict[str, object]) -> str:
        content = ", ".join(map(names, node.get("content", [])))  # type: ignore[call-overload]
        return str(node.get("text") or node["type"]) + (f"({content})" if content else "")

    return names(normal(mended(tree(document(*blocks)))))


def cells(*columns: int) -> list[XmlElement]:
    return [element("tableCell", element("paragraph"), colspan=width, rowspan=1) for width in columns]


def test_a_list_without_items_is_not_there() -> None:
    assert shown(element("bulletList"), element("paragraph", XmlText("x"))) == "doc(paragraph(x))"


def test_an_empty_document_has_a_line_to_write_in() -> None:
    assert shown() == "doc(paragraph)"


def test_a_toggle_without_its_summary_gets_one() -> None:
    content = element("detailsContent", element("paragraph", XmlText("x")))
    assert shown(element("details", content)) == "doc(details(detailsSummary, detailsContent(paragraph(x))))"


def test_two_summaries_are_one() -> None:
    summaries = [element("detailsSummary", XmlText(text)) for text in ("one", "two")]
    found = shown(element("details", *summaries, element("detailsContent", element("paragraph"))))
    assert found == "doc(details(detailsSummary(onetwo), detailsContent(paragraph)))"


def test_a_short_row_is_filled() -> None:
    rows = [element("tableRow", *cells(1, 2)), element("tableRow", *cells(1))]
    full = "tableRow(tableCell(paragraph), tableCell(paragraph), tableCell(paragraph))"
    assert shown(element("table", *rows)) == f"doc(table(tableRow(tableCell(paragraph), tableCell(paragraph)), {full}))"


def test_a_table_without_cells_is_not_there() -> None:
    assert shown(element("table", element("tableRow"), element("tableRow"))) == "doc(paragraph)"


def test_marks_that_exclude_each_other_are_one() -> None:
    doc: Doc[XmlFragment] = Doc()
    doc[ROOT] = fragment = XmlFragment()
    text = fragment.children.append(XmlElement("paragraph")).children.append(XmlText("x"))
    text.format(0, 1, {"bold": {}, "code": {}})
    line = mended(tree(doc.get_update()))["content"][0]["content"]
    assert line == [{"type": "text", "text": "x", "marks": [{"type": "code"}]}]


@pytest.mark.parametrize("block", [
    element("kanban", element("paragraph")),
    element("table", element("paragraph")),
    element("paragraph", element("paragraph")),
    element("bulletList", element("paragraph")),
])  # fmt: skip
def test_what_no_valid_edits_explain_is_invalid(block: XmlElement) -> None:
    with pytest.raises(Invalid):
        mended(tree(document(block)))


@pytest.mark.parametrize("attributes", [
    {"colspan": "2"},
    {"colspan": 1e9},
    {"colspan": 0},
    {"rowspan": True},
    {"rowspan": "2"},
    {"colwidth": 5},
    {"colwidth": ["wide"]},
    {"bgcolor": "red"},
])  # fmt: skip
def test_values_no_page_can_show_are_invalid(attributes: dict[str, object]) -> None:
    """As in values.ts: a billion columns are not counted, and a word is no number of them."""
    cell = element("tableCell", element("paragraph"), **attributes)
    with pytest.raises(Invalid):
        mended(tree(document(element("table", element("tableRow", cell)))))


def test_marks_no_page_can_show_are_invalid() -> None:
    doc: Doc[XmlFragment] = Doc()
    doc[ROOT] = XmlFragment([element("paragraph", text := XmlText("x"))])
    text.format(0, 1, {"link": {"href": "javascript:alert(1)"}})
    with pytest.raises(Invalid):
        mended(tree(doc.get_update()))


@pytest.mark.parametrize("rows", [
    [cells(1000)[0:1] for _ in range(300)],
    [cells(1000), *(cells(1) for _ in range(100))],
    [cells(1) for _ in range(400)] + [cells(*[1] * 400)],
])  # fmt: skip
def test_a_table_that_claims_a_field_of_cells_is_invalid(rows: list[list[XmlElement]]) -> None:
    """A hundred kilobytes may not become gigabytes where they are read."""
    with pytest.raises(Invalid, match="places"):
        mended(tree(document(element("table", *(element("tableRow", *row) for row in rows)))))
