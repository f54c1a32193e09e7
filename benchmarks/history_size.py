"""`python -m benchmarks.history_size`: what a million keystrokes take on disk, before and after they are packed.

Two people write into each document in turns, a letter a row (the worst case: pages send what is typed within 30 ms as
one), every eleventh keystroke deletes the letter before it. Sizes are of the tables and their indexes; SQLite's file is
measured after VACUUM, PostgreSQL's tables after VACUUM FULL, for freed pages are used again and not given back.
"""

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.servers import migrate, migrated_sqlite, start_postgres

BATCH = 5_000
SENTENCE = "the quick brown fox jumps over the lazy dog and writes the minutes of the meeting again "


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history_size", description=__doc__)
    parser.add_argument("--keystrokes", type=int, default=1_000_000)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.databases import used_database

    print("| database | keystrokes | MB in rows | MB packed | bytes a keystroke | packing s | reading all s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in options.databases.split(","):
        with ExitStack() as stack:
            if kind == "sqlite":
                url = migrated_sqlite(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            else:
                server = stack.enter_context(start_postgres())
                url = server.create_database("history")
                migrate(url)
            with used_database(url):
                print(_measure(kind, options.keystrokes, options.documents))


def _measure(kind: str, keystrokes: int, documents: int) -> str:
    from documents import history
    from documents.compaction import compact
    from documents.models import Document
    from documents.packing import pack

    made = [_write(number, keystrokes // documents) for number in range(documents)]
    before = _size(kind)
    for document in made:
        asyncio.run(compact(document))
    began = time.perf_counter()
    for document in made:
        pack(document)
    packing = time.perf_counter() - began
    began = time.perf_counter()
    for document in made:
        head = Document.objects.get(pk=document).head_seq
        assert sum(1 for _ in history.edits(document, upto=head)) == keystrokes // documents
    reading = time.perf_counter() - began
    after = _size(kind)
    each = f"{before / keystrokes:.0f} to {after / keystrokes:.1f}"
    mega = f"{before / 1e6:.1f} | {after / 1e6:.1f}"
    return f"| {kind} | {keystrokes:,} | {mega} | {each} | {packing:.0f} | {reading:.1f} |"


def _write(number: int, keystrokes: int) -> Any:
    """A document with this many rows."""
    from pycrdt import Doc, Text

    from documents.models import Document, DocumentUpdate
    from permissions.models import User

    people = [
        User.objects.get_or_create(username=name, defaults={"name": name, "email": f"{name}@example.org"})[0]
        for name in ("ada", "bob")
    ]
    document = Document.objects.create_for(owner=people[0], title=f"minutes {number}")
    docs: list[Doc[Any]] = [Doc(), Doc()]
    texts = [doc.get("text", type=Text) for doc in docs]
    said: list[bytes] = []
    for doc in docs:
        doc.observe(lambda event: said.append(event.update))
    at, length = datetime(2026, 1, 1, tzinfo=UTC), 0
    rows: list[DocumentUpdate] = []
    for stroke in range(keystrokes):
        who = stroke // 500 % 2
        if stroke % 500 == 0:
            docs[who].apply_update(docs[1 - who].get_update(docs[who].get_state()))
        said.clear()
        if stroke % 11 == 10:
            length -= 1
            del texts[who][length]
        else:
            texts[who].insert(length, SENTENCE[stroke % len(SENTENCE)])
            length += 1
        at += timedelta(microseconds=137_219 + stroke * 7919 % 91_000)
        rows.append(
            DocumentUpdate(document=document, seq=stroke + 1, author=people[who], created_at=at, payload=said[0])
        )
        if len(rows) == BATCH or stroke == keystrokes - 1:
            DocumentUpdate.objects.bulk_create(rows)
            rows.clear()
    Document.objects.filter(pk=document.pk).update(head_seq=keystrokes)
    return document.pk


def _size(kind: str) -> int:
    """Bytes of everything that the log takes, states left out."""
    from django.db import connection

    with connection.cursor() as cursor:
        if kind == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute(
                "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name IN "
                "('documents_documentupdate', 'documents_documentpiece'))"
            )
        else:
            cursor.execute("VACUUM FULL documents_documentupdate")
            cursor.execute("VACUUM FULL documents_documentpiece")
            cursor.execute(
                "SELECT pg_total_relation_size('documents_documentupdate') + "
                "pg_total_relation_size('documents_documentpiece')"
            )
        size: int = cursor.fetchone()[0]
    return size


if __name__ == "__main__":
    main()
