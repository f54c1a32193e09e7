"""`growth`: the cost of one edit and of one opening as one thing grows: the document, its history, the documents on the
disk, the people in it. The cost of an edit may grow with the last only.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender, Seat
from benchmarks.coscribe import Coscribe
from benchmarks.generator import Generator

from . import Figures, Outcome

SIZES = (1_000, 30_000, 1_000_000, 15_000_000)  # bytes; the bound is 16 MiB
HISTORIES = (1_000, 10_000, 100_000, 1_000_000)  # rows of the log
DOCUMENTS = (100, 1_000, 10_000, 100_000)
PEOPLE = (2, 10, 50, 200, 500)
RATE, SECONDS, WARM_S = 200, 4, 1

# Rows as the journal writes them; the state after them by the application's own compaction.
WRITE_HISTORY = """
from asgiref.sync import async_to_sync
from documents.compaction import compact
with open({file!r}) as lines:
    *rows, client = lines.read().split()
document = Document.objects.get(pk={document!r})
made, author = timezone.now(), user("host")
key = Document._meta.pk.get_db_prep_value(document.pk, connection)
at = DocumentUpdate._meta.get_field("created_at").get_db_prep_value(made, connection)
with transaction.atomic():
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {{DocumentUpdate._meta.db_table}} (document_id, seq, author_id, created_at, payload) "
            "VALUES (%s, %s, %s, %s, %s)",
            ((key, n + 1, author.pk, at, bytes.fromhex(row)) for n, row in enumerate(rows)),
        )
    DocumentClient.objects.create(document=document, client_id=int(client), user=author)
    Document.objects.filter(pk=document.pk).update(head_seq=len(rows))
async_to_sync(compact)(document.pk)
"""

# Documents of another person's, each with a row and its owner's rights.
WRITE_DOCUMENTS = """
from permissions.access import permission_models
rights, _ = permission_models(Document)
person("hoarder")
hoarder = user("hoarder")
with transaction.atomic():
    first = Document.objects.create_for(owner=hoarder, title="old")
    held = [right.permission for right in rights.objects.filter(content_object=first)]
    for start in range(1, {count}, 1000):
        some = [
            Document(owner=hoarder, title=f"old {{n}}", head_seq=1) for n in range(start, min(start + 1000, {count}))
        ]
        Document.objects.bulk_create(some)
        DocumentUpdate.objects.bulk_create(
            DocumentUpdate(document=each, seq=1, author=hoarder, created_at=timezone.now(), payload=bytes(2))
            for each in some
        )
        rights.objects.bulk_create(
            rights(content_object=each, permission=permission, user=hoarder) for each in some for permission in held
        )
"""


Axis = Callable[[Contender, Generator, bool], Iterator[tuple[str, dict[str, Any]]]]


def along(axis: Axis) -> Callable[[Contender, Generator, bool], Outcome]:
    """The scenario that goes along this axis."""

    def run(server: Contender, load: Generator, quick: bool) -> Outcome:
        figures: Figures = {}
        for where, found in axis(server, load, quick):
            figures |= {f"{name} @ {where}": figure for name, figure in found.items()}
        return Outcome(figures)

    return run


def sizes(server: Contender, load: Generator, quick: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    for size in SIZES[:2] if quick else SIZES:
        [seats] = server.documents(1, 5)
        content = load.order("content", bytes=size)
        load.order("fill", writer=seats[0].taken(), reader=seats[1].taken(), asOne=True)
        time.sleep(server.stored_after_s)
        load.order("leave")
        yield f"{size} bytes", probe(server, load, seats, content, quick=quick)


def people(server: Contender, load: Generator, quick: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    for count in PEOPLE[:2] if quick else PEOPLE:
        [seats] = server.documents(1, count)
        yield f"{count} people", probe(server, load, seats, {"bytes": 0, "vector": {}}, quick=quick)


def histories(server: Contender, load: Generator, quick: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(server, Coscribe):
        raise TypeError("only the log of Coscribe can be written from outside")
    for rows in HISTORIES[:2] if quick else HISTORIES:
        [seats] = server.documents(1, 5)
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "rows")
            content = load.order("history", rows=rows, file=file)
            server.seed(WRITE_HISTORY.format(file=file, document=seats[0].document))
        yield f"{rows} rows", probe(server, load, seats, content, quick=quick)


def documents(server: Contender, load: Generator, quick: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(server, Coscribe):
        raise TypeError("only the log of Coscribe can be written from outside")
    there = 0
    for count in DOCUMENTS[:2] if quick else DOCUMENTS:
        server.seed(WRITE_DOCUMENTS.format(count=count - there))
        there = count
        [seats] = server.documents(1, 5)
        yield f"{count} documents", probe(server, load, seats, {"bytes": 0, "vector": {}}, quick=quick)


def probe(
    server: Contender, load: Generator, seats: list[Seat], content: dict[str, Any], *, quick: bool
) -> dict[str, Any]:
    """The cost of an edit (two type), and of opening the document: not in memory, and warm."""
    expected = {"bytes": content["bytes"] * 0.5, "vector": content["vector"]}
    server.stop()
    server.start()
    [[other]] = server.documents(1, 1)
    load.order("open", seats=[other.taken()], bytes=0, vector={})  # the process is warm, the document is not in it
    cold = load.order("open", seats=[seats[-1].taken()], pids=server.pids, **expected)
    warm = [load.order("open", seats=[seats[-1].taken()], pids=server.pids, **expected) for _ in range(5)]
    taken = [seat.taken(typist=n < 2, sampled=n < 5) for n, seat in enumerate(seats)]
    load.order("connect", seats=taken)
    typed = load.order("type", rate=RATE, seconds=1.5 if quick else SECONDS, warm=WARM_S, pids=server.pids)
    load.order("leave")
    return {
        "edit, server CPU us": typed["serverCpuPerEdit"],
        "edit, p50 ms": typed["latency"]["p50"],
        "edit, p95 ms": typed["latency"]["p95"],
        "opening, not in memory, ms": cold["whole"]["p50"],
        "opening, warm, ms": sorted(each["whole"]["p50"] for each in warm)[2],
    }
