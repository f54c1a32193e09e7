"""What two updates hold under the same clocks: the same, however it is written, or not."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map, Text

from collab.core import contents
from collab.core.contents import Comparison, compare
from collab.core.footprint import next_struct, read_footprint
from collab.core.lib0 import UNDEFINED, read_any, skip_any, state_vector, var_bytes, var_string, var_uint
from tests.hostile import forge

from .people import Hand


def agree(one: bytes, other: bytes, first: int = 0, end: int = 1) -> bool:
    """Whether they do, of client 5, whichever of them is ours."""
    spans = {5: (first, end)}
    there, back = compare(one, spans, lambda _: other).agrees, compare(other, spans, lambda _: one).agrees
    assert there is back
    return there


def written_by_yrs(update: bytes, *, times: int = 1) -> bytes:
    for _ in range(times):
        doc: Doc[Any] = Doc()
        doc.apply_update(update)
        update = doc.get_update()
    return update


def any_of(value: object) -> bytes:
    """A lib0 "any", as Yjs writes it."""
    if value is None or value is UNDEFINED:
        return b"\x7e" if value is None else b"\x7f"
    if isinstance(value, bool):
        return b"\x78" if value else b"\x79"
    if isinstance(value, int):
        sign, size = (0x40, -value) if value < 0 else (0, value)
        return b"\x7d" + (
            bytes((sign | size,)) if size < 0x40 else bytes((0x80 | sign | size & 0x3F,)) + var_uint(size >> 6)
        )
    if isinstance(value, float):
        return forge.number(value)
    if isinstance(value, str):
        return b"\x77" + var_string(value)
    if isinstance(value, bytes):
        return b"\x74" + var_bytes(value)
    if isinstance(value, dict):
        return b"\x76" + var_uint(len(value)) + b"".join(var_string(key) + any_of(value[key]) for key in value)
    assert isinstance(value, list)
    return b"\x75" + var_uint(len(value)) + b"".join(map(any_of, value))


def held(value: object) -> bytes:
    return forge.update(5, forge.values(any_of(value)))


def embedded(text: str) -> bytes:
    return forge.update(5, forge.embed(text.encode()))


def test_contents_agree_however_they_are_cut_and_not_when_a_value_is_another() -> None:
    def values(number: object) -> bytes:
        hand = Hand(5)
        hand.doc.get("map", type=Map)["key"] = {"b": number, "a": [1.5, None], "c": "x"}
        hand.write("tail")
        return hand.doc.get_update()

    clock = 5
    assert agree(values(7), values(7), 0, clock)
    assert not agree(values(7), values(8), 0, clock)
    assert agree(values(7), values(8), 1, clock)
    assert not agree(Hand(5).write("abc"), Hand(5).write("abd"), 0, 3)
    assert agree(Hand(5).write("abc"), Hand(5).write("abd"), 0, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (forge.text("a\U0001f600bc"), (forge.text("a\U0001f600"), forge.text("bc"))),
        (forge.text("äbc"), (forge.text("ä"), forge.text("b"), forge.text("c"))),
        (forge.values(any_of(1), any_of("x")), (forge.values(any_of(1)), forge.values(any_of("x")))),
        (forge.text("abc"), (forge.text("a"), forge.collected(2))),
        (forge.text("abc"), (forge.collected(1), forge.text("b"), forge.skip(1))),
    ],
)
def test_in_one_struct_or_in_several_or_deleted(one: forge.Struct, other: tuple[forge.Struct, ...]) -> None:
    assert agree(forge.update(5, one), forge.update(5, *other), 0, one.length)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (forge.text("ab"), forge.text("ba")),
        (forge.text("1"), forge.embed(b"1")),
        (forge.Struct(forge.BINARY, var_bytes(b"1")), forge.embed(b"1")),
        (forge.Struct(forge.BINARY, var_bytes(b"ab")), forge.Struct(forge.BINARY, var_bytes(b"ba"))),
        (forge.mark("ab", b"true"), forge.mark("ba", b"true")),
        (forge.mark("bold", b"true"), forge.mark("bold", b"1")),
        (forge.mark("bold", b"true"), forge.mark("bold", b"null")),
        (forge.shared(forge.ELEMENT_TYPE, "ab"), forge.shared(forge.ELEMENT_TYPE, "ba")),
        (forge.shared(forge.MAP_TYPE), forge.shared(forge.TEXT_TYPE)),
        (forge.sub_document("ab", any_of({})), forge.sub_document("ba", any_of({}))),
    ],
)
def test_structs_that_are_not_the_same(one: forge.Struct, other: forge.Struct) -> None:
    assert not agree(forge.update(5, one), forge.update(5, other), 0, one.length)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ab", "ba"),
        (["a", "b"], ["b", "a"]),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        ({"ab": 1}, {"ba": 1}),
        ({"a": 1}, {"a": 1, "b": None}),
        ([1, 2], [1]),
        (1, -1),
        (True, 1),
        (False, 0),
        (False, None),
        ("1", 1),
        ([], {}),
    ],
)
def test_values_that_are_not_the_same(one: Any, other: Any) -> None:
    assert not agree(held(one), held(other))
    assert not agree(embedded(json.dumps(one)), embedded(json.dumps(other)))
    assert not agree(held({"in": [one]}), held({"in": [other]}))


@pytest.mark.parametrize(
    ("one", "other"),
    [(b"ab", b"ba"), (b"a", "a"), (None, UNDEFINED), (1.0, float("nan")), (2.0**53 - 1, 2.0**53 - 2)],
)
def test_values_that_json_does_not_have_or_yrs_not_to_the_last_digit(one: Any, other: Any) -> None:
    assert not agree(held(one), held(other))


def test_a_bigint_is_a_number_if_one_can_hold_it_for_yrs_writes_it_as_that() -> None:
    def big(value: int) -> bytes:
        return forge.update(5, forge.values(b"\x7a" + struct.pack(">q", value)))

    for value in -10, 2**31, 2**53 + 1, 2**62:
        assert agree(big(value), written_by_yrs(big(value)))
        assert not agree(big(value), big(value + 1))
    assert agree(big(1), held(1))
    assert not agree(big(2**53 + 1), held(2.0**53))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (-70_000, -70_000.0),
        (b"\x7c" + struct.pack(">f", 0.5), 0.5),
        (-0.0, 0),
        (b"\x7d\x40", 0),
        (b"\x7c" + struct.pack(">f", float("nan")), float("nan")),
        ({"a": 1, "b": {"c": [2], "d": "x"}}, {"b": {"d": "x", "c": [2]}, "a": 1}),
    ],
)
def test_one_value_written_in_two_ways(one: Any, other: Any) -> None:
    raw = one if isinstance(one, bytes) else any_of(one)
    assert agree(forge.update(5, forge.values(raw)), held(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("100", "1e2"),
        ("-0", "0"),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ('"\\u00e9"', '"é"'),
        ("0.9101850589387533", "0.9101850589387532"),
    ],
)
def test_one_json_value_written_in_two_ways(one: str, other: str) -> None:
    assert agree(embedded(one), embedded(other))


def test_a_sub_document_is_its_name_for_yrs_writes_options_of_its_own() -> None:
    update = forge.update(5, forge.sub_document("guid", any_of({"gc": False})))
    assert written_by_yrs(update) != update
    assert agree(update, written_by_yrs(update))


LEAVES = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)


def typed(value: Any) -> object:
    """The value, such that equal means the same to JavaScript."""
    if isinstance(value, dict):
        return {key: typed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [typed(each) for each in value]
    return (bool, value) if isinstance(value, bool) else float(value) if isinstance(value, int) else value


@given(VALUES, VALUES)
def test_any_two_values_agree_if_they_are_the_same(one: Any, other: Any) -> None:
    assert agree(held(one), held(other)) is (typed(one) == typed(other))
    assert agree(held(one), written_by_yrs(held(one)))
    assert skip_any(any_of(one), 0) == read_any(any_of(one), 0)[1] == len(any_of(one))


@given(VALUES)
def test_a_json_value_is_still_the_same_when_yrs_has_written_it_many_times(value: Any) -> None:
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        return
    update = forge.update(5, forge.embed(text.encode()), forge.mark("key", text.encode()))
    assert agree(update, written_by_yrs(update, times=5), 0, 2)


# -- how much is read ------------------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The places of the structs that a comparison reads."""
    seen: list[int] = []

    def count(data: bytes, at: int, own: bytes, needs: dict[int, int]) -> tuple[int, int, int]:
        seen.append(at)
        return next_struct(data, at, own, needs)

    monkeypatch.setattr(contents, "next_struct", count)
    return seen


class Held:
    """A document of one writer, letter by letter."""

    def __init__(self, letters: int = 2000) -> None:
        self.doc: Doc[Any] = Doc(client_id=5)
        text = self.doc.get("text", type=Text)
        with self.doc.transaction():
            for _ in range(letters):
                text.insert(0, "x")
        self.clocks = {5: letters}
        self.asked: list[Mapping[int, int]] = []

    def since(self, clocks: Mapping[int, int]) -> bytes:
        self.asked.append(clocks)
        return self.doc.get_update(state_vector(self.clocks | dict(clocks)))

    def compare(self, update: bytes) -> Comparison:
        spans = read_footprint(update).spans
        return compare(update, {client: spans[client] for client in self.clocks if client in spans}, self.since)


@pytest.mark.parametrize("clock", [0, 1, 1000, 1999])
def test_ours_is_read_up_to_the_last_clock_that_is_asked_for(clock: int, steps: list[int]) -> None:
    held = Held()
    assert held.compare(forge.update(5, forge.text("x"), clock=clock)).agrees
    assert not held.compare(forge.update(5, forge.text("y"), clock=clock)).agrees
    assert len(steps) == 4, "two times one of each"
    assert held.asked == [{5: clock}] * 2


def test_nothing_is_read_of_what_the_other_has_deleted(steps: list[int]) -> None:
    assert Held().compare(forge.update(5, forge.text("x"), forge.collected(1999))).agrees
    assert len(steps) == 3, "two of theirs"


def test_of_a_long_update_only_what_is_known_is_read(steps: list[int]) -> None:
    assert compare(Held(3000).doc.get_update(), {5: (0, 1)}, Held(1).since).agrees
    assert len(steps) == 2


@pytest.mark.parametrize("nothing", [forge.collected(2000), forge.Struct(forge.DELETED, var_uint(2000), 2000)])
def test_who_says_nothing_is_not_answered(nothing: forge.Struct, steps: list[int]) -> None:
    held = Held()
    assert held.compare(forge.update(5, nothing)) == Comparison(agrees=True, read=len(forge.update(5, nothing)) - 1)
    assert held.asked == []
    assert len(steps) == 1
