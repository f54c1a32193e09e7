"""The log as it lies in the database, read past the application; and what must be true of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from pycrdt import Doc, Text

from collab.core.footprint import read_footprint
from collab.core.lib0 import read_state_vector

from .typists import Typist, words_in

ROWS = "SELECT seq, author_id, payload FROM documents_documentupdate WHERE document_id = {} ORDER BY seq"
HEAD = "SELECT head_seq FROM documents_document WHERE id = {}"


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    author: int
    payload: bytes

    @property
    def words(self) -> dict[str, list[int]]:
        """The words that this row adds."""
        return words_in(self.payload)


@dataclass(slots=True)
class Log:
    """One document's rows, all read at the same moment."""

    head: int
    rows: list[Row]
    doc: Doc[Any] = field(init=False)
    text: Text = field(init=False)
    scribbles: Text = field(init=False)
    hanging: list[int] = field(init=False)  # rows that do not integrate by themselves

    def __post_init__(self) -> None:
        self.doc, self.hanging = Doc(), []
        self.text = self.doc.get("text", type=Text)
        self.scribbles = self.doc.get("scribbles", type=Text)
        for row in self.rows:
            self.doc.apply_update(row.payload)
            clocks = read_state_vector(self.doc.get_state())
            spans = read_footprint(row.payload).spans
            if any(clocks.get(client, 0) < end for client, (_, end) in spans.items()):
                self.hanging.append(row.seq)

    @property
    def words(self) -> dict[str, list[int]]:
        return words_in(str(self.text))

    def by(self, author: int, *, after: int, upto: int | None = None) -> list[Row]:
        """The rows of one person with after < seq <= upto."""
        return [r for r in self.rows if r.author == author and r.seq > after and (upto is None or r.seq <= upto)]


def read_log(database_url: str, document: str) -> Log:
    """What is in the database now."""
    if database_url.startswith("sqlite:"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
        try:
            connection.execute("BEGIN")
            head = connection.execute(HEAD.format("?"), [UUID(document).hex]).fetchone()
            rows = connection.execute(ROWS.format("?"), [UUID(document).hex]).fetchall()
        finally:
            connection.close()
    else:
        with psycopg.connect(database_url) as postgres:
            postgres.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            head = postgres.execute(HEAD.format("%s"), [document]).fetchone()
            rows = postgres.execute(ROWS.format("%s"), [document]).fetchall()
    assert head is not None, f"there is no document {document}"
    return Log(head[0], [Row(seq, author, bytes(payload)) for seq, author, payload in rows])


def faults(log: Log, typists: Sequence[Typist]) -> list[str]:
    """Everything that is wrong with a log, given what these people typed, were told and have seen. Empty when all is
    well.
    """
    found: list[str] = []
    seqs = [row.seq for row in log.rows]
    if seqs != list(range(1, len(seqs) + 1)) or log.head != len(seqs):
        found.append(f"hole: the head is {log.head}, the rows are {_brief(seqs)}")
    found += [f"pending: row {seq} stands on something that is not before it in the log" for seq in log.hanging]
    words = log.words
    for typist in typists:
        numbers = words.get(typist.name, [])
        if numbers != list(range(1, len(numbers) + 1)):
            found.append(f"order: {typist.name}'s words in the log are {_brief(numbers)}")
        if len(numbers) < typist.acked_words:
            found.append(f"acknowledged: {typist.name} was told {typist.acked_words}, the log has {len(numbers)}")
        if len(numbers) > typist.words:
            found.append(f"invented: {typist.name} typed {typist.words}, the log has {len(numbers)}")
        for other, seen in words_in(str(typist)).items():
            if other != typist.name and len(seen) > len(words.get(other, [])):
                found.append(
                    f"seen: {typist.name} has {len(seen)} words of {other}, the log has {len(words.get(other, []))}"
                )
        if typist.seq > log.head:
            found.append(f"seen: {typist.name} is at row {typist.seq}, the head is {log.head}")
    return found


def differences(log: Log, typists: Sequence[Typist]) -> list[str]:
    """What is wrong when everything should have been saved and everybody should have the same: `faults`, and anything
    missing.
    """
    found = faults(log, typists)
    for typist in typists:
        if log.words.get(typist.name, []) != list(range(1, typist.words + 1)):
            found.append(
                f"missing: {typist.name} typed {typist.words}, the log has {len(log.words.get(typist.name, []))}"
            )
        if str(log.text) != str(typist) or str(log.scribbles) != str(typist.scribbles):
            found.append(f"diverged: {typist.name} sees something else than the log")
    return found


def _brief(numbers: list[int]) -> str:
    return str(numbers) if len(numbers) < 20 else f"{numbers[:8]} ... {numbers[-8:]} ({len(numbers)})"
