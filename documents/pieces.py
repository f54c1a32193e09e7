"""A piece of history: neighbouring rows of a log as one value, each still with its author, its time and its bytes.

A row of the log takes ten times the bytes that somebody typed: keys, indexes, and a client id that is the same in every
row. Together they compress well, and what is much alike stands together: first all authors, then all times, then all
lengths, then all updates. Pure: edits in, bytes out; nothing is rounded, merged or left out.

Layout: the byte 1, then XZ (with its own checksum) of: varUint count; varUint number of authors, each varUint (0:
nobody that is known, else the primary key + 1); per row the varUint place of its author among them; the time of the
first row as varUint microseconds since the epoch, and for each further one the difference as a zigzag varUint; per row
the varUint length of its update; all updates. A varUint has 7 bits a byte, least significant first, as in lib0.
"""

import lzma
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

VERSION = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PRESET = 6 | lzma.PRESET_EXTREME  # packed once, in the background; reading costs the same whatever this is


class BadPiece(Exception):
    """Bytes that are no piece, or not the one that is expected. History is lost here unless there is a backup."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"A piece of history cannot be read: {reason}.")


@dataclass(frozen=True, slots=True)
class Edit:
    """One row of a log. `author`: a person's primary key, who may have been deleted since, or None; `at`: when it was
    committed, to the microsecond; `payload`: an update (v1 encoding) that integrates on what is before it.
    """

    seq: int
    author: int | None
    at: datetime
    payload: bytes


def encode(edits: Sequence[Edit]) -> bytes:
    """The piece that holds exactly these, which follow each other without a gap. Raises `ValueError` otherwise."""
    if not edits or any(edit.seq != edits[0].seq + place for place, edit in enumerate(edits)):
        raise ValueError("a piece holds one or more edits, numbered without gaps")
    authors = sorted({0 if edit.author is None else edit.author + 1 for edit in edits})
    place_of = {author: place for place, author in enumerate(authors)}
    times = [(edit.at - EPOCH) // MICROSECOND for edit in edits]
    steps = [_zigzag(later - earlier) for earlier, later in pairwise(times)]
    columns = (
        _uints([len(edits), len(authors), *authors]),
        _uints(place_of[0 if edit.author is None else edit.author + 1] for edit in edits),
        _uints([times[0], *steps]),
        _uints(len(edit.payload) for edit in edits),
        b"".join(edit.payload for edit in edits),
    )
    return bytes([VERSION]) + lzma.compress(b"".join(columns), check=lzma.CHECK_CRC32, preset=PRESET)


def decode(piece: bytes, *, first: int) -> list[Edit]:
    """The edits of a piece, the first of which is row `first` of its log. Raises `BadPiece`."""
    if piece[:1] != bytes([VERSION]):
        raise BadPiece("it is of a version that is not known here")
    try:
        return _read(lzma.decompress(piece[1:], format=lzma.FORMAT_XZ), first)
    except (lzma.LZMAError, EOFError, IndexError, OverflowError, ValueError) as error:
        raise BadPiece(type(error).__name__) from error


def _read(data: bytes, first: int) -> list[Edit]:
    (count, known), at = _take_uints(data, 0, 2)
    authors, at = _take_uints(data, at, known)
    places, at = _take_uints(data, at, count)
    steps, at = _take_uints(data, at, count)
    lengths, at = _take_uints(data, at, count)
    if at + sum(lengths) != len(data):
        raise ValueError("the updates are longer or shorter than their lengths")
    edits: list[Edit] = []
    time = 0
    for row in range(count):
        time = time + _unzigzag(steps[row]) if row else steps[0]
        author = authors[places[row]]
        payload = data[at : at + lengths[row]]
        edits.append(Edit(first + row, author - 1 if author else None, EPOCH + time * MICROSECOND, payload))
        at += lengths[row]
    return edits


def _uints(numbers: Iterable[int]) -> bytes:
    out = bytearray()
    for number in numbers:
        if number < 0:
            raise ValueError("a varUint is never negative")
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def _take_uints(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    found: list[int] = []
    for _ in range(count):
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        found.append(number)
    return found, at


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _unzigzag(number: int) -> int:
    return -(number + 1) // 2 if number & 1 else number // 2
