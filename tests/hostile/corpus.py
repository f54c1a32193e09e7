"""Real updates by real clients: several pycrdt docs that edit, fall behind, merge and catch up.

The same seed makes the same edits.
"""

from random import Random
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText, get_state, get_update, merge_updates

from collab.core.lib0 import read_var_bytes

from .forge import ANY, DELETED, GC, STRING, Struct, any_values, decode

WORDS = ("a", "ab ", "äöü", "\u2028", "x" * 40, "日本", "e\u0301")
LONG = 1_000  # a hostile run of nothing may be 2^31 long
EMOJI = ("😀", "👩‍👩‍👧")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 63, 64, -64, 2**31, 2**53 - 1, -(2**40), 1.5, -0.0, 1e300, "", "text", b"",
    b"\x00\xff",
    [], [1, [2, [3]]], {}, {"a": {"b": [None, "c"]}}, "😀",
)  # fmt: skip
MARKS: tuple[dict[str, Any], ...] = (
    {"bold": True},
    {"bold": None},
    {"link": {"href": "https://example.org/"}},
    {"size": 12},
)


class Author:
    """One client with its own doc."""

    def __init__(self, rng: Random, client: int, *, emoji: bool = True) -> None:
        self.rng = rng
        self.words = (*WORDS, *EMOJI) if emoji else WORDS
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text = self.doc.get("text", type=Text)
        self.map = self.doc.get("map", type=Map)
        self.array = self.doc.get("array", type=Array)
        self.xml = self.doc.get("xml", type=XmlFragment)
        self.written: list[bytes] = []
        self._applying = False
        self._subscription = self.doc.observe(self._note)

    def _note(self, event: Any) -> None:
        if not self._applying:
            self.written.append(event.update)

    def hear(self, update: bytes) -> None:
        """Take in another client's update."""
        self._applying = True
        self.doc.apply_update(update)
        self._applying = False

    def edit(self) -> bytes | None:
        """One random edit; its update."""
        before = len(self.written)
        acts = (self._type, self._type, self._type, self._erase, self._format, self._embed, self._set, self._push)
        act = self.rng.choice((*acts, self._drop, self._grow, self._prune, self._attribute, self._many))
        act()
        return self.written[-1] if len(self.written) > before else None

    def _type(self) -> None:
        self.text.insert(self._place(), self.rng.choice(self.words))

    def _place(self) -> int:
        # pycrdt counts bytes of UTF-8, and 1 for an embed; between the bytes of a character is no place.
        places = [0]
        for part, _ in self.text.diff():
            for size in (len(char.encode()) for char in part) if isinstance(part, str) else (1,):
                places.append(places[-1] + size)
        return self.rng.choice(places)

    def _range(self) -> tuple[int, int]:
        places = sorted((self._place(), self._place()))
        return places[0], places[1]

    def _erase(self) -> None:
        start, end = self._range()
        if end > start:
            del self.text[start:end]

    def _format(self) -> None:
        start, end = self._range()
        if end > start:
            self.text.format(start, end, self.rng.choice(MARKS))

    def _embed(self) -> None:
        self.text.insert_embed(self._place(), {"image": self.rng.choice(("a", "😀"))})

    def _set(self) -> None:
        key = self.rng.choice("abc")
        kind = self.rng.random()
        value = (
            Map({"deep": 1}) if kind < 0.1 else Array([1]) if kind < 0.2 else Text("t") if kind < 0.3 else self._value()
        )
        self.map[key] = value

    def _value(self) -> Any:
        return self.rng.choice(VALUES)

    def _push(self) -> None:
        self.array.insert(self.rng.randint(0, len(self.array)), self._value())

    def _drop(self) -> None:
        if len(self.array) and self.rng.random() < 0.5:
            del self.array[self.rng.randrange(len(self.array))]
        elif keys := list(self.map.keys()):
            del self.map[self.rng.choice(sorted(keys))]

    def _grow(self) -> None:
        place: Any = self.xml
        for _ in range(self.rng.randint(0, 4)):
            inner = [each for each in place.children if isinstance(each, XmlElement)]
            if not inner:
                break
            place = self.rng.choice(inner)
        if self.rng.random() < 0.5:
            place.children.append(XmlElement(self.rng.choice(("p", "h1", "li")), {"id": "1"}))
        else:
            place.children.append(XmlText(self.rng.choice(self.words)))

    def _prune(self) -> None:
        if len(self.xml.children):
            del self.xml.children[self.rng.randrange(len(self.xml.children))]

    def _attribute(self) -> None:
        for each in self.xml.children:
            if isinstance(each, XmlElement):
                each.attributes[self.rng.choice("ab")] = self.rng.choice(self.words)
                return

    def _many(self) -> None:
        with self.doc.transaction():
            for _ in range(self.rng.randint(2, 5)):
                self.rng.choice((self._type, self._set, self._push, self._erase, self._grow))()


def session(rng: Random, *, authors: int = 3, edits: int = 40, emoji: bool = True) -> list[tuple[int, bytes]]:
    """(author, update) in an order in which a server could get them: an author's own order is kept, others may be late.

    Among them are merged updates and offline differences, as clients send them.
    """
    first = rng.randrange(1, 2**32 - authors)
    people = [Author(rng, first + number, emoji=emoji) for number in range(authors)]
    server: Doc[Any] = Doc()
    sent: list[tuple[int, bytes]] = []
    waiting: list[list[bytes]] = [[] for _ in people]

    def send(number: int) -> None:
        if not waiting[number]:
            return
        update = waiting[number][0] if len(waiting[number]) == 1 else merge_updates(*waiting[number])
        if rng.random() < 0.15:  # reconnected: all that the server lacks
            update = people[number].doc.get_update(server.get_state())
        waiting[number].clear()
        server.apply_update(update)
        sent.append((number, update))

    for _ in range(edits):
        number = rng.randrange(authors)
        update = people[number].edit()
        if update is not None:
            waiting[number].append(update)
        if rng.random() < 0.6:
            send(number)
        if rng.random() < 0.4:
            people[number].hear(server.get_update(people[number].doc.get_state()))
    for number in range(authors):
        send(number)
    return sent


def partial(update: bytes, other: bytes) -> bytes:
    """What `update` says beyond `other`, as Yjs' diffUpdate has it."""
    return get_update(update, get_state(other))


def content(doc: Doc[Any]) -> tuple[str, dict[tuple[int, int], str]]:
    """What the doc says: the text, in order, and what stands at every clock of every client.

    Read from the bytes and not through yrs, which loops for ever over arrays that a hostile client has filled.
    """
    held: dict[tuple[int, int], str] = {}
    state = decode(doc.get_update())
    for section in state.sections:
        clock = section.clock
        for struct in section.structs:
            for tick, unit in enumerate(_units(struct)):
                held[section.client, clock + tick] = unit
            clock += struct.length
    for client, ranges in state.deletes:
        for first, length in ranges:
            held.update({(client, clock): "gone" for clock in range(first, first + min(length, LONG))})
    return str(doc.get("text", type=Text)), held


def _units(struct: Struct) -> list[str]:
    if struct.ref in (GC, DELETED):
        return ["gone"] * min(struct.length, LONG)
    if struct.ref == STRING:
        raw = read_var_bytes(struct.body, 0)[0].decode().encode("utf-16-le")
        return [raw[at : at + 2].hex() for at in range(0, len(raw), 2)]
    if struct.ref == ANY:
        return any_values(struct.body)
    return [f"{struct.ref} {bytes(sorted(struct.body)).hex()}"]  # yrs shuffles the keys of objects here too
