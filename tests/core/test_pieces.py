"""A large update in pieces makes the document that it makes whole, and nothing of it ever waits for a later piece."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.core.footprint import read_footprint
from collab.core.lib0 import read_state_vector
from collab.core.pieces import pieces
from collab.core.replica import SEARCHED_BYTES, has_pair


def content(doc: Doc[Any]) -> tuple[str, str, str, str]:
    return (
        str(doc.get("text", type=Text)),
        str(doc.get("page", type=XmlFragment)),
        str(doc.get("list", type=Array)),
        str(sorted(doc.get("map", type=Map).to_py().items())),
    )


def check(update: bytes, size: int) -> int:
    """Integrates the update both ways, and answers in how many pieces."""
    whole: Doc[Any] = Doc()
    whole.apply_update(update)
    parts: Doc[Any] = Doc()
    cut = list(pieces(update, size=size))
    for piece in cut:
        clocks = read_state_vector(parts.get_state())
        parts.apply_update(piece)
        after = read_state_vector(parts.get_state())
        assert all(after.get(client, 0) >= end for client, (_, end) in read_footprint(piece).spans.items()), "it waits"
        assert all(after[client] >= clock for client, clock in clocks.items())
    assert content(parts) == content(whole)
    assert read_state_vector(parts.get_state()) == read_state_vector(whole.get_state())
    assert parts.get_update(whole.get_state()) == whole.get_update(parts.get_state())
    return len(cut)


ACTS = st.tuples(
    st.integers(0, 3), st.sampled_from(["type", "remove", "paragraph", "list", "map", "sync"]), st.integers(0, 50)
)


@given(st.lists(ACTS, max_size=60), st.sampled_from([1, 10, 40, 200]))
def test_any_document_of_several_writers_comes_out_the_same(acts: list[tuple[int, str, int]], size: int) -> None:
    docs: list[Doc[Any]] = [Doc(client_id=7 * number + 5) for number in range(4)]
    for who, act, place in acts:
        doc = docs[who]
        text = doc.get("text", type=Text)
        length = len(str(text))
        if act == "type":
            text.insert(min(place, length), "xy")
        elif act == "remove" and length > 1:
            del text[min(place, length - 2) : min(place, length - 2) + 1]
        elif act == "paragraph":
            page = doc.get("page", type=XmlFragment)
            page.children.insert(place % (len(page.children) + 1), XmlElement("p", {"a": "1"}, [XmlText("words")]))
        elif act == "list":
            doc.get("list", type=Array).append({"ä": f"😀{place}"})
        elif act == "map":
            doc.get("map", type=Map)[str(place % 5)] = place
        else:
            other = docs[place % 4]
            doc.apply_update(other.get_update(doc.get_state()))
    for doc in docs[1:]:
        docs[0].apply_update(doc.get_update(docs[0].get_state()))
    check(docs[0].get_update(), size)


def test_two_writers_who_take_turns_letter_by_letter() -> None:
    docs: list[Doc[Any]] = [Doc(client_id=1), Doc(client_id=2)]
    for turn in range(600):
        writer, reader = docs[turn % 2], docs[1 - turn % 2]
        writer.get("text", type=Text).insert(turn // 3, "ab"[turn % 2])
        reader.apply_update(writer.get_update(reader.get_state()))
    assert check(docs[0].get_update(), 500) >= 5


def test_pieces_are_small_and_deletions_too() -> None:
    doc: Doc[Any] = Doc()
    text = doc.get("text", type=Text)
    with doc.transaction():
        for _ in range(20_000):
            text.insert(0, "x")
    with doc.transaction():
        for place in range(0, 10_000, 2):
            del text[place : place + 1]
    update = doc.get_update()
    cut = list(pieces(update, size=16 << 10))
    assert check(update, 16 << 10) == len(cut) > 10
    assert max(map(len, cut)) < 24 << 10


@pytest.mark.parametrize("update", [b"\x05" * 100, b"\x01\x01\x01\x00" + b"\x04" * 90, b"\x00" * 90])
def test_what_cannot_be_cut_comes_whole(update: bytes) -> None:
    assert list(pieces(update, size=10)) == [update]


@pytest.mark.parametrize(
    "place", [0, 5, SEARCHED_BYTES - 3, SEARCHED_BYTES - 1, SEARCHED_BYTES, 2 * SEARCHED_BYTES - 4]
)
def test_a_pair_is_found_wherever_it_is(place: int) -> None:
    text = bytearray(b"x" * 2 * SEARCHED_BYTES)
    assert not has_pair(bytes(text))
    text[place : place + 4] = "😀".encode()
    assert has_pair(bytes(text))
