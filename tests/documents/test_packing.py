"""Packing: what comes out of a piece is what went into the log, whoever packs, reads or types meanwhile."""

import asyncio
import lzma
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from documents import history, log, packing
from documents.compaction import compact
from documents.content import is_same, load
from documents.models import Document, DocumentPiece, DocumentState, DocumentUpdate
from documents.packing import LEAST_ROWS, pack
from documents.pieces import BadPiece, Edit, decode, encode
from documents.verification import verify
from permissions.models import User
from tests.conftest import Person
from tests.databases import either_database

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
rows_of_anything = st.lists(st.tuples(st.none() | st.integers(0, 2**40), moments, st.binary(max_size=40)), min_size=1)


@pytest.fixture
def ada(database: str, person: Person) -> User:
    return person("ada")


@pytest.fixture
def minutes(ada: User) -> Document:
    return Document.objects.create_for(owner=ada, title="Minutes")


def numbered(rows: list[tuple[int | None, datetime, bytes]], first: int = 1) -> list[Edit]:
    return [Edit(first + place, *row) for place, row in enumerate(rows)]


def write(document: Document, edits: list[Edit]) -> None:
    """Log rows as the journal would have written them, at other times."""
    DocumentUpdate.objects.bulk_create(
        DocumentUpdate(document=document, seq=edit.seq, author_id=edit.author, created_at=edit.at, payload=edit.payload)
        for edit in edits
    )
    Document.objects.filter(pk=document.pk).update(head_seq=edits[-1].seq)


def typed(count: int, *, author: int | None = None, first: int = 1, doc: "Doc[Any] | None" = None) -> list[Edit]:
    """Somebody types, a letter a second."""
    doc = doc or Doc()
    text, payloads = doc.get("text", type=Text), list[bytes]()
    watch = doc.observe(lambda event: payloads.append(event.update))
    for number in range(count):
        text.insert(len(str(text)), chr(97 + number % 26))
    doc.unobserve(watch)
    return numbered([(author, LONG_AGO + timedelta(seconds=n), each) for n, each in enumerate(payloads)], first)


def packed_document(document: Document, count: int) -> list[Edit]:
    """A document with this many rows, of which all but the newest are packed."""
    edits = typed(count, author=document.owner_id)
    write(document, edits)
    asyncio.run(compact(document.pk))
    assert pack(document.pk).rows == count - 1
    return edits


def everything(document: Document) -> list[Edit]:
    return list(history.edits(document.pk, upto=Document.objects.get(pk=document.pk).head_seq))


@contextmanager
def beside(act: Callable[[threading.Event], None]) -> Iterator[None]:
    """`act` runs on a thread of its own until the block has ended, and must not fail."""
    stop, errors = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            act(stop)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    assert errors == []


# -- the encoding ------------------------------------------------------------------------------------------------------


@given(rows_of_anything, st.integers(1, 2**40))
def test_a_piece_gives_back_what_was_put_in(rows: list[tuple[int | None, datetime, bytes]], first: int) -> None:
    edits = numbered(rows, first)
    assert decode(encode(edits), first=first) == edits


@given(rows_of_anything, st.data())
def test_a_damaged_piece_is_found_out(rows: list[tuple[int | None, datetime, bytes]], data: st.DataObject) -> None:
    piece = bytearray(encode(numbered(rows)))
    if data.draw(st.booleans()):
        del piece[data.draw(st.integers(0, len(piece) - 1)) :]
    else:
        piece[data.draw(st.integers(0, len(piece) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadPiece):
        decode(bytes(piece), first=1)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        decode(b"\x01" + lzma.compress(data), first=1)
    except BadPiece:
        pass


def test_rows_with_a_gap_make_no_piece() -> None:
    one, two, three = typed(3)
    with pytest.raises(ValueError):
        encode([one, three])
    with pytest.raises(ValueError):
        encode([])
    assert decode(encode([two, three]), first=2) == [two, three]


# -- in the database ---------------------------------------------------------------------------------------------------


@st.composite
def logs(draw: st.DrawFn) -> list[Edit]:
    """What three people wrote together, letters and deletions, over days; clocks may go back."""
    docs: list[Doc[Any]] = [Doc() for _ in range(3)]
    rows: list[tuple[int | None, datetime, bytes]] = []
    at = LONG_AGO
    for _ in range(draw(st.integers(2, 25))):
        who = draw(st.integers(0, 2))
        text = docs[who].get("text", type=Text)
        said: list[bytes] = []
        watch = docs[who].observe(lambda event, said=said: said.append(event.update))
        length = len(str(text))
        if length and draw(st.booleans()):
            del text[draw(st.integers(0, length - 1))]
        else:
            text.insert(draw(st.integers(0, length)), draw(st.sampled_from("abc")))
        docs[who].unobserve(watch)
        at += timedelta(microseconds=draw(st.integers(-(10**6), 10**11)))
        rows.append((None if who == 2 else who, at, said[0]))
        for other in docs:
            if other is not docs[who]:
                other.apply_update(said[0])
    return numbered(rows)


@either_database
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=logs(), cuts=st.lists(st.integers(1, 25), max_size=3))
def test_the_packed_log_replays_as_the_unpacked_one_at_every_row(
    database: str, person: Person, edits: list[Edit], cuts: list[int]
) -> None:
    """However it was packed: at once, in steps, or half of it."""
    for name in ("ada", "bob"):
        if not User.objects.filter(username=name).exists():
            person(name)
    pks = dict(enumerate(User.objects.order_by("pk").values_list("pk", flat=True)))
    edits = [Edit(each.seq, None if each.author is None else pks[each.author], each.at, each.payload) for each in edits]
    document = Document.objects.create_for(owner=User.objects.get(username="ada"))
    write(document, edits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "LEAST_ROWS", 1)
        for cut in sorted({*cuts, len(edits)}):
            DocumentState.objects.filter(document=document).delete()
            DocumentState.objects.create(document=document, seq=min(cut, len(edits)), payload=b"not read here")
            pack(document.pk)
    assert DocumentUpdate.objects.filter(document=document).count() == 1
    assert everything(document) == edits
    for after in range(len(edits)):
        assert list(history.edits(document.pk, after=after, upto=len(edits))) == edits[after:]
        assert log.rows_after(document.pk, after) == [edit.payload for edit in edits[after:]]
        packed = load(history.payloads(document.pk, upto=after))
        assert is_same(packed, load([edit.payload for edit in edits[:after]]))


@either_database
def test_what_is_new_or_in_no_state_yet_stays_as_it_is(database: str, minutes: Document) -> None:
    edits = typed(3 * LEAST_ROWS)
    fresh = [Edit(edit.seq, None, timezone.now(), edit.payload) for edit in edits[2 * LEAST_ROWS :]]
    write(minutes, edits[: 2 * LEAST_ROWS] + fresh)
    assert pack(minutes.pk).rows == 0  # there is no state
    DocumentState.objects.create(document=minutes, seq=LEAST_ROWS + 5, payload=b"")
    assert pack(minutes.pk).rows == LEAST_ROWS + 5
    DocumentState.objects.create(document=minutes, seq=3 * LEAST_ROWS, payload=b"")
    assert pack(minutes.pk).rows == 0  # too few that are old enough
    assert list(packing.due()) == []
    assert pack(minutes.pk, now=timezone.now() + timedelta(hours=25)).rows == 2 * LEAST_ROWS - 6
    assert minutes.updates.get().seq == 3 * LEAST_ROWS  # the newest row says who wrote last
    assert everything(minutes) == edits[: 2 * LEAST_ROWS] + fresh


@either_database
def test_a_packed_document_opens_compacts_and_verifies_also_without_its_states(
    database: str, minutes: Document
) -> None:
    edits = packed_document(minutes, 300)
    assert verify(minutes.pk).faults == ()
    DocumentState.objects.all().delete()
    opened = log.load(minutes.pk)
    assert opened is not None
    assert list(opened.updates) == [edit.payload for edit in edits]
    state = asyncio.run(compact(minutes.pk))
    assert state is not None
    assert state.seq == 300
    assert is_same(load([bytes(state.payload)]), load([edit.payload for edit in edits]))
    finding = verify(minutes.pk)
    assert (finding.faults, finding.rows, finding.state_seq) == ((), 300, 300)


@either_database
def test_an_append_from_before_the_packed_rows_is_handed_them(database: str, ada: User, minutes: Document) -> None:
    edits = packed_document(minutes, 200)
    row = log.Row(ada.pk, b"new")
    [result] = log.append([log.Append(minutes.pk, 150, (row,))], clients_of=lambda _: ())
    assert isinstance(result, log.Appended)
    assert result.first == 201
    assert list(result.missed) == [edit.payload for edit in edits[150:]]


@either_database
def test_verification_finds_a_broken_piece_a_lost_one_and_a_doubled_row(database: str, minutes: Document) -> None:
    edits = packed_document(minutes, 200)
    piece = DocumentPiece.objects.get()
    DocumentUpdate.objects.create(document=minutes, seq=7, created_at=LONG_AGO, payload=edits[6].payload)
    assert verify(minutes.pk).faults == ("row 7 is packed, and still in the log",)
    DocumentUpdate.objects.filter(seq=7).delete()
    DocumentPiece.objects.update(payload=bytes(piece.payload)[:-9])
    assert verify(minutes.pk).faults == ("A piece of history cannot be read: LZMAError.",)
    DocumentPiece.objects.all().delete()
    assert verify(minutes.pk).faults[:2] == ("row 1 is missing", "row 2 is missing")


@either_database
def test_small_pieces_grow_into_large_ones(database: str, minutes: Document, settings: Any) -> None:
    settings.HISTORY_PACK_AFTER_H = 0
    doc: Doc[Any] = Doc()
    edits: list[Edit] = []
    for _ in range(16):
        more = typed(LEAST_ROWS, first=len(edits) + 1, doc=doc)
        edits += more
        write(minutes, more)
        DocumentState.objects.create(document=minutes, seq=len(edits), payload=b"")
        pack(minutes.pk)
    spans = list(minutes.pieces.order_by("first_seq").values_list("first_seq", "last_seq"))
    assert len(spans) <= 5
    assert everything(minutes) == edits


@either_database
def test_a_pack_that_ends_in_the_middle_has_done_nothing_and_is_done_again(
    database: str, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = typed(200)
    write(minutes, edits)
    DocumentState.objects.create(document=minutes, seq=200, payload=b"")

    def die(**_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(DocumentPiece.objects, "create", die)
        with pytest.raises(SystemExit):
            pack(minutes.pk)
    assert (DocumentUpdate.objects.count(), DocumentPiece.objects.count()) == (200, 0)
    assert pack(minutes.pk).rows == 199
    assert pack(minutes.pk).rows == 0
    assert everything(minutes) == edits


@either_database
def test_two_who_pack_the_same_rows_pack_them_once(
    database: str, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = typed(300)
    write(minutes, edits)
    asyncio.run(compact(minutes.pk))
    both = threading.Barrier(2)

    def together(rows: Any) -> bytes:
        both.wait(30)
        return encode(rows)

    monkeypatch.setattr(packing, "encode", together)
    done: list[int] = []

    def rival(_: threading.Event) -> None:
        done.append(pack(minutes.pk).rows)

    with beside(rival):
        done.append(pack(minutes.pk).rows)
    assert sorted(done) == [0, 299]
    assert everything(minutes) == edits
    assert verify(minutes.pk).faults == ()


@either_database
def test_people_type_and_read_while_it_is_packed(
    database: str, ada: User, minutes: Document, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reader sees a hole, no edit is lost or stored twice, and all are in their order."""
    settings.HISTORY_PACK_AFTER_H = 0
    monkeypatch.setattr(packing, "LEAST_ROWS", 7)
    monkeypatch.setattr(packing, "PIECE_ROWS", 50)
    edits = typed(400, author=ada.pk)

    def type_on(_: threading.Event) -> None:
        for edit in edits:
            row = log.Row(ada.pk, edit.payload)
            [result] = log.append([log.Append(minutes.pk, edit.seq - 1, (row,))], clients_of=lambda _: ())
            assert isinstance(result, log.Appended)

    def read_on(stop: threading.Event) -> None:
        while not stop.is_set():
            head = Document.objects.get(pk=minutes.pk).head_seq
            assert history.payloads(minutes.pk, upto=head) == [edit.payload for edit in edits[:head]]
            opened = log.load(minutes.pk)
            assert opened is not None

    packed, give_up = 0, time.monotonic() + 60
    with beside(read_on), beside(type_on):
        while packed < 390 and time.monotonic() < give_up:
            head = Document.objects.get(pk=minutes.pk).head_seq
            if head:
                DocumentState.objects.get_or_create(document=minutes, seq=head, defaults={"payload": b""})
            packed += pack(minutes.pk).rows
    assert [(edit.seq, edit.author, edit.payload) for edit in everything(minutes)] == [
        (edit.seq, ada.pk, edit.payload) for edit in edits
    ]
    assert minutes.pieces.count() > 5
