"""`compact` and `verify_documents` from the command line."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from pycrdt import Doc, XmlElement, XmlFragment

from documents.models import Document, DocumentState, DocumentUpdate
from permissions.models import User
from tests.documents.test_compaction import typing, write

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> tuple[str, str]:
    """(what was printed, how it failed)"""
    printed = io.StringIO()
    try:
        call_command(*arguments, stdout=printed, stderr=printed)
    except CommandError as error:
        return printed.getvalue(), str(error)
    return printed.getvalue(), ""


def test_all_documents_are_compacted_and_good(minutes: Document, ada: User) -> None:
    write(minutes, *typing("a", "b"))
    Document.objects.create_for(owner=ada)
    printed, failure = run("compact", "--all")
    assert f"{minutes.pk}: up to row 2" in printed
    assert "nothing new" in printed
    assert failure == ""
    printed, failure = run("verify_documents", "--all")
    assert f"{minutes.pk}: good, 2 rows, state up to row 2" in printed
    assert "2 documents, all good." in printed
    assert failure == ""


def test_content_that_the_editor_refuses_is_told_and_no_fault(minutes: Document) -> None:
    doc: Doc[Any] = Doc()
    doc.get("default", type=XmlFragment).children.append(XmlElement("marquee"))
    write(minutes, doc.get_update())
    printed, failure = run("verify_documents", "--all")
    assert f"{minutes.pk}: warning: no document of the schema: doc[0] > marquee: there is no such node" in printed
    assert "1 documents, all good." in printed
    assert failure == ""


def test_content_that_the_editor_mends_needs_no_warning(minutes: Document) -> None:
    """Two people each deleted half of a list: pages show it mended and let everybody write."""
    doc: Doc[Any] = Doc()
    blocks = doc.get("default", type=XmlFragment).children
    blocks.append(XmlElement("bulletList"))
    blocks.append(XmlElement("paragraph"))
    write(minutes, doc.get_update())
    printed, _ = run("verify_documents", "--all")
    assert "warning" not in printed


def test_a_value_that_the_editor_refuses_is_told(minutes: Document) -> None:
    doc: Doc[Any] = Doc()
    doc.get("default", type=XmlFragment).children.append(XmlElement("heading", {"level": "huge"}))
    write(minutes, doc.get_update())
    printed, _ = run("verify_documents", "--all")
    assert "warning: no document of the schema: heading: cannot have level like that" in printed


@pytest.mark.parametrize("command", ["compact", "verify_documents"])
def test_what_is_asked_for_wrongly_is_named(minutes: Document, command: str) -> None:
    missing = str(uuid4())
    assert "'x' is not a document's id (a UUID)" in run(command, "x")[1]
    assert run(command, str(minutes.pk), missing)[1] == f"There is no document {missing}."
    assert run(command)[1] == run(command, "--all", missing)[1] == "Name documents by their ids, or say --all."


def test_a_state_that_differs_from_the_log_is_found(minutes: Document) -> None:
    write(minutes, *typing("a", "b"))
    DocumentState.objects.create(document=minutes, seq=2, payload=typing("something else")[0])
    printed, failure = run("verify_documents", str(minutes.pk))
    assert "WRONG: its state up to row 2 differs from its log" in printed
    assert failure == "1 of 1 documents are wrong."


def test_a_state_without_its_row_is_found(minutes: Document) -> None:
    write(minutes, *typing("a"))
    DocumentState.objects.create(document=minutes, seq=5, payload=typing("a")[0])
    assert "its state goes up to row 5, its log only to row 1" in run("verify_documents", "--all")[0]


def test_a_missing_row_is_found_and_not_compacted(minutes: Document) -> None:
    write(minutes, *typing("a", "b", "c"))
    DocumentUpdate.objects.filter(seq=2).delete()
    assert "WRONG: row 2 is missing" in run("verify_documents", "--all")[0]
    printed, failure = run("compact", "--all")
    assert "expected row 2 of its log, found row 3" in printed
    assert failure == "1 could not be compacted."


def test_a_head_behind_its_log_is_found(minutes: Document) -> None:
    write(minutes, *typing("a", "b"))
    Document.objects.update(head_seq=1)
    assert "its head is row 1, but there is a row 2" in run("verify_documents", "--all")[0]


def test_bytes_that_are_no_update_are_found(minutes: Document) -> None:
    write(minutes, b"\xff\xff\xff")
    assert "its log cannot be read" in run("verify_documents", "--all")[0]
