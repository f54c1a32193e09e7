"""What real clients make passes the guard, and the guard reads in it what Yjs and yrs read."""

import base64
import json
import os
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text, get_state, merge_updates

from collab.core.contents import compare
from collab.core.errors import BadUpdate
from collab.core.footprint import read_footprint
from collab.core.lib0 import read_state_vector, state_vector

from . import forge
from .corpus import content, partial, session

HERE = Path(__file__).resolve().parent
LONG = bool(os.environ.get("COSCRIBE_LONG"))


def agrees(doc: Doc[Any], update: bytes) -> bool:
    """Whether the doc has under the update's clocks what it brought."""
    vector = read_state_vector(doc.get_state())
    spans = read_footprint(update).spans
    return compare(update, spans, lambda clocks: doc.get_update(state_vector(vector | dict(clocks)))).agrees


@settings(max_examples=400 if LONG else 40)
@given(seed=st.integers(0, 2**32), authors=st.integers(1, 4), edits=st.integers(1, 60))
def test_every_update_of_pycrdt_clients_passes_and_fits(seed: int, authors: int, edits: int) -> None:
    doc: Doc[Any] = Doc()
    clocks: dict[int, int] = {}
    sent = [update for _, update in session(Random(seed), authors=authors, edits=edits)]
    for update in sent:
        footprint = read_footprint(update)
        assert footprint.fits(clocks)
        ends = {client: end for client, (_, end) in footprint.spans.items()}
        assert ends == read_state_vector(get_state(update)) or any(first for first, _ in footprint.spans.values())
        before = read_state_vector(doc.get_state())
        doc.apply_update(update)
        after = read_state_vector(doc.get_state())
        assert set(footprint.news(clocks)) == {client for client in after if after[client] > before.get(client, 0)}
        clocks |= {client: max(end, clocks.get(client, 0)) for client, end in ends.items()}
        assert clocks == after
    if sent:
        whole = merge_updates(*sent)
        assert {client: end for client, (_, end) in read_footprint(whole).spans.items()} == clocks
        again: Doc[Any] = Doc()
        again.apply_update(whole)
        assert content(again) == content(doc)
        assert agrees(again, doc.get_update())
        for update in sent:
            assert agrees(doc, update)
            rest = partial(whole, update)
            assert read_footprint(rest).fits(read_state_vector(get_state(update))) or rest == b"\x00\x00"


@pytest.mark.parametrize("seed", range(1, 41 if LONG else 5))
def test_every_update_of_real_yjs_clients_passes_and_fits(node_modules: Path, seed: int) -> None:
    made = subprocess.run(
        ["node", str(HERE / "real_yjs.mjs"), str(seed), "12"], capture_output=True, text=True, check=True, timeout=120
    )
    doc, clocks, seen = Doc[Any](), dict[int, int](), 0
    for line in map(json.loads, made.stdout.strip().split("\n")):
        if "end" in line:
            assert str(doc.get("text", type=Text)) == line["text"]
            doc, clocks = Doc(), {}
            continue
        update = base64.b64decode(line["update"])
        footprint = read_footprint(update)
        assert footprint.fits(clocks), f"seed {seed}: {footprint} does not fit {clocks}"
        ends = {client: end for client, (_, end) in footprint.spans.items()}
        assert ends == {client: end for client, _, end in line["spans"]}
        if not line["holes"]:
            assert {client: first for client, (first, _) in footprint.spans.items()} == {
                c: f for c, f, _ in line["spans"]
            }
        clocks |= {client: max(end, clocks.get(client, 0)) for client, end in ends.items()}
        doc.apply_update(update)
        assert agrees(doc, update)
        assert read_state_vector(doc.get_state()) == clocks == read_state_vector(base64.b64decode(line["state"]))
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("kind", [forge.HOOK_TYPE, 7, 9, 15])
def test_a_type_that_yrs_reads_in_another_way_is_refused(kind: int) -> None:
    with pytest.raises(BadUpdate):
        read_footprint(forge.update(1, forge.shared(kind, "name")))


@pytest.mark.parametrize(
    "info", [info for info in range(256) if info & 0x0F in (0, 2, 10, 11, 12, 13, 14, 15) and info not in (0, 10)]
)
def test_the_whole_byte_decides_what_a_struct_is(info: int) -> None:
    """yrs takes a struct for GC or Skip by its whole first byte, Yjs by five bits of it."""
    with pytest.raises(Exception, match=r"an update|a struct"):
        read_footprint(b"\x01\x01\x01\x00" + bytes((info,)) + b"\x01\x04text\x01\x00\x00\x00\x00\x00\x00")
