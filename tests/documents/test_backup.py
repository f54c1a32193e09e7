"""Backup and restore: one moment of everything in one file, and back into either database, all or nothing."""

import json
import os
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models
from django.utils import timezone

from documents import log, rows
from documents.backup import LEFT_OUT, back_up, kept_models
from documents.models import Document, DocumentImage, DocumentInvitation, DocumentLinkPass, DocumentUpdate
from documents.restoration import BadBackup, NotEmpty, restore
from permissions import invitations, tokens
from permissions.models import Letter, Scope, User
from permissions.roles import Role
from tests import seed
from tests.conftest import Person
from tests.databases import either_database, on_sqlite
from tests.servers import manage

from .test_packing import beside

SCENE = """
import asyncio
from django.core.files.base import ContentFile
from documents.compaction import compact
from documents.packing import pack
from permissions.models import AuditEntry, Team
from tests.documents.test_packing import typed, write
ada, bob, gone = person("ada"), person("bob"), person("gone")
tokens.make(person=user("ada"), name="program", scope=Scope.WRITE, expires_at=timezone.now() + timedelta(days=3))
crew = Group.objects.create(name="crew")
crew.user_set.add(user("bob"))
document = Document.objects.create_for(owner=user("ada"), title="Minutes \\u2028 of the meeting")
sharing.grant(by=user("ada"), obj=document, to=user("bob"), role=Role.EDITOR)
sharing.grant(by=user("ada"), obj=document, to=crew, role=Role.VIEWER)
write(document, typed(300, author=user("bob").pk))
asyncio.run(compact(document.pk))
assert pack(document.pk).rows == 299
DocumentClient.objects.create(document=document, client_id=2**52, user=user("bob"))
DocumentStar.objects.create(document=document, person=user("bob"))
image = DocumentImage(document=document, uploaded_by=user("ada"), width=1, height=1, size_bytes=3)
image.file.save("picture.png", ContentFile(b"png"), save=False)
image.save()
last = user("gone").pk
user("gone").delete()
result = {"document": str(document.pk), "picture": image.file.name, "last": last}
"""

LATER = """
from documents.verification import verify
from permissions.access import roles_of
document = Document.objects.get()
roles = roles_of(Document, [(document.pk, user("bob").pk)])
new = User.objects.create(username="new")
result = {"new": new.pk, "role": [int(role) for role in roles.values()], "faults": verify(document.pk).faults}
"""


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, str]:
    """Where the processes of a test keep pictures."""
    return {"MEDIA_ROOT": str(tmp_path / "media")}


def lines_of(path: Path) -> dict[str, list[list[Any]]]:
    """All rows of a backup, without what a restore adds."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        found = {}
        for label, about in manifest["tables"].items():
            read = [json.loads(line) for line in archive.read(f"rows/{label}.jsonl").splitlines()]
            assert len(read) == about["rows"]
            if label == "documents.Document":
                place = about["columns"].index("restored_at")
                read = [[*row[:place], *row[place + 1 :]] for row in read]
            found[label] = read
        return found


def test_what_was_backed_up_is_there_again_in_the_other_database_and_back(
    sqlite_url: str, postgres_url: str, pictures: dict[str, str], tmp_path: Path
) -> None:
    made = seed.run(SCENE, database_url=sqlite_url, env=pictures)
    there, back, again = (tmp_path / f"{name}.zip" for name in ("there", "back", "again"))
    told = "1 documents, 2 accounts, 1 pictures"
    assert told in manage("backup", str(there), database_url=sqlite_url, env=pictures)
    elsewhere = {"MEDIA_ROOT": str(tmp_path / "elsewhere")}
    assert told in manage("restore", str(there), database_url=postgres_url, env=elsewhere)
    assert (tmp_path / "elsewhere" / made["picture"]).read_bytes() == b"png"
    manage("backup", str(back), database_url=postgres_url, env=elsewhere)
    assert lines_of(back) == lines_of(there)
    manage("restore", str(back), "--force", database_url=sqlite_url, env=pictures)
    manage("backup", str(again), database_url=sqlite_url, env=pictures)
    assert lines_of(again) == lines_of(there)
    for url in (sqlite_url, postgres_url):
        then = seed.run(LATER, database_url=url)
        assert then["new"] > made["last"]  # the number of somebody who was deleted names nobody else
        assert then["role"] == [3]
        assert then["faults"] == []


def test_every_table_is_in_a_backup_or_it_is_said_why_not() -> None:
    found = apps.get_models(include_auto_created=True)
    labels = {model._meta.label for model in found if model._meta.managed and not model._meta.proxy}
    assert set(LEFT_OUT) <= labels
    assert {model._meta.label for model in kept_models()} == labels - set(LEFT_OUT)
    for model in kept_models():  # what a kept row refers to is kept as well, or named
        for field in rows.columns(model):
            if field.related_model is not None:
                assert isinstance(field.related_model, type)
                assert field.related_model in (*kept_models(), *rows.NAMED), field


@pytest.fixture
def ada(database: str, person: Person) -> User:
    return person("ada")


@pytest.fixture
def minutes(ada: User) -> Document:
    return Document.objects.create_for(owner=ada, title="Minutes")


@either_database
def test_values_come_back_as_they_were_to_the_microsecond(database: str, ada: User, tmp_path: Path) -> None:
    at = timezone.now().replace(microsecond=123_457)
    document = Document.objects.create_for(owner=ada)
    DocumentUpdate.objects.create(document=document, seq=1, created_at=at, payload=bytes(range(256)))
    Document.objects.filter(pk=document.pk).update(head_seq=1)
    User.objects.filter(pk=ada.pk).update(muted=["comment", {"ü": None}], last_login=None)
    before = [
        {field.attname: getattr(row, field.attname) for field in rows.columns(model)}
        for model in kept_models()
        for row in model._base_manager.order_by("pk")
    ]
    back_up(tmp_path / "all.zip")
    restore(tmp_path / "all.zip", force=True)
    since = Document.objects.get().restored_at
    assert since is not None
    Document.objects.update(restored_at=None)
    after = [
        {field.attname: getattr(row, field.attname) for field in rows.columns(model)}
        for model in kept_models()
        for row in model._base_manager.order_by("pk")
    ]
    assert after == before


@either_database
def test_an_installation_with_people_is_replaced_only_by_force(
    database: str, ada: User, minutes: Document, tmp_path: Path, person: Person
) -> None:
    def picture(document: Document) -> str:
        image = DocumentImage(document=document, content_type="image/png", width=1, height=1, size_bytes=1)
        image.file.save("picture.png", ContentFile(b"1"), save=False)
        image.save()
        return image.file.name or ""

    kept = picture(minutes)
    Letter.objects.create(to="a@example.org", subject="", text="", headers={}, topic="", due_at=timezone.now())
    path = tmp_path / "all.zip"
    back_up(path)
    with pytest.raises(NotEmpty):
        restore(path)
    with pytest.raises(CommandError, match="--force"):
        call_command("restore", str(path))
    person("bob")
    lost = picture(Document.objects.create_for(owner=ada, title="Later"))
    storage = DocumentImage._meta.get_field("file").storage
    assert storage.exists(lost)
    restore(path, force=True)
    assert [user.username for user in User.objects.all()] == ["ada"]
    assert [document.title for document in Document.objects.all()] == ["Minutes"]
    assert (storage.exists(kept), storage.exists(lost)) == (True, False)
    assert Letter.objects.count() == 0
    with pytest.raises(FileExistsError):
        back_up(path)


@either_database
@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "version", "row"])
def test_a_backup_that_cannot_be_restored_changes_nothing(
    database: str, ada: User, minutes: Document, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "all.zip"
    back_up(path)
    Document.objects.update(title="Newer")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("rows/permissions.User.jsonl")
        held = {name: archive.read(name) for name in archive.namelist()}
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        data[info.header_offset + 60 + len(info.filename)] ^= 0x40
        path.write_bytes(data)
    elif damage == "foreign":
        path.write_bytes(b"something else")
    else:
        if damage == "version":
            held["manifest.json"] = held["manifest.json"].replace(b"0005_document_piece", b"0005_another")
        else:
            held["rows/documents.Document.jsonl"] *= 2
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in held.items():
                archive.writestr(name, text)
    with pytest.raises(IntegrityError if damage == "row" else BadBackup):
        restore(path, force=True)
    assert Document.objects.get().title == "Newer"
    assert User.objects.get().username == "ada"


@either_database
def test_a_backup_is_one_moment_and_nobody_waits_for_it(
    database: str, ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both documents get their row in one transaction; and people write on in the middle of the backup."""
    both = [Document.objects.create_for(owner=ada) for _ in range(2)]
    written, wanted = threading.Semaphore(0), threading.Event()

    def type_on(stop: threading.Event) -> None:
        seq = 0
        while not stop.is_set():
            appends = [log.Append(each.pk, seq, (log.Row(ada.pk, b"x"),)) for each in both]
            assert all(isinstance(r, log.Appended) for r in log.append(appends, clients_of=lambda _: ()))
            seq += 1
            if wanted.is_set():
                written.release()

    real = rows.lines

    def slowly(model: type[models.Model]) -> Any:
        if model is DocumentUpdate:  # the documents have been read: their heads are behind by now
            wanted.set()
            for _ in range(5):
                assert written.acquire(timeout=30)
        return real(model)

    monkeypatch.setattr(rows, "lines", slowly)
    with beside(type_on):
        back_up(tmp_path / "all.zip")
    found = lines_of(tmp_path / "all.zip")
    labels = [field.attname for field in rows.columns(Document)]
    heads = {row[labels.index("id")]: row[labels.index("head_seq")] for row in found["documents.Document"]}
    of = [field.attname for field in rows.columns(DocumentUpdate)].index("document_id")
    counts = {pk: sum(row[of] == pk for row in found["documents.DocumentUpdate"]) for pk in heads}
    assert counts == heads
    assert len(set(heads.values())) == 1


@either_database
def test_nothing_that_opens_a_door_by_itself_comes_back(
    database: str, ada: User, minutes: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have been taken back since, as here."""
    tokens.make(person=ada, name="program", scope=Scope.WRITE, expires_at=None)
    invitations.invite(by=ada, obj=minutes, role=Role.EDITOR)
    DocumentLinkPass.objects.create(content_object=minutes, user=ada, version=0)
    call_command("backup", str(tmp_path / "all.zip"))
    assert "access tokens" in capsys.readouterr().out.splitlines()[-1]
    ada.tokens.all().delete()
    invitations.uninvite(by=ada, obj=minutes, invitation=DocumentInvitation.objects.get().pk)
    call_command("restore", str(tmp_path / "all.zip"), "--force")
    assert "new access tokens" in capsys.readouterr().out.splitlines()[-1]
    assert (ada.tokens.count(), DocumentInvitation.objects.count(), DocumentLinkPass.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("database", [on_sqlite, pytest.param("postgresql", marks=pytest.mark.long)], indirect=True)
def test_rows_are_in_memory_by_their_bytes_both_ways(
    database: str, minutes: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """32 of a MiB: less than the rows of a chunk, but far more than its bytes."""
    monkeypatch.setattr(rows, "CHUNK_BYTES", 2 << 20)
    payload = bytes(1 << 20)
    for seq in range(1, 33):
        minutes.states.create(seq=seq, payload=payload)

    def peak(act: Callable[[], Any]) -> float:
        tracemalloc.start()
        try:
            act()
            return tracemalloc.get_traced_memory()[1] / (1 << 20)
        finally:
            tracemalloc.stop()

    path = tmp_path / "all.zip"
    peaks = [peak(lambda: back_up(path)), peak(lambda: restore(path, force=True))]
    assert max(peaks) < 24, peaks
    found = minutes.states.order_by("seq").values_list("seq", flat=True)
    assert list(found) == list(range(1, 33))


def test_a_row_that_is_larger_than_a_chunk_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CHUNK_BYTES", 5)
    monkeypatch.setattr(rows, "CHUNK", 3)
    assert list(rows.chunks([b"123456789", b"12", b"123", b"4", b"", b"", b""])) == [
        [b"123456789"], [b"12", b"123"], [b"4", b"", b""], [b""]
    ]  # fmt: skip
    assert list(rows.chunks([])) == []


@either_database
def test_a_backup_that_fails_leaves_no_file(
    database: str, minutes: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("backup", str(tmp_path / "all.zip"))
    assert list(tmp_path.iterdir()) == []


@either_database
def test_a_restore_that_fails_takes_its_files_back(
    database: str, ada: User, minutes: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = DocumentImage(document=minutes, content_type="image/png", width=1, height=1, size_bytes=1)
    image.file.save("picture.png", ContentFile(b"1"), save=False)
    image.save()
    back_up(tmp_path / "all.zip")
    storage, name = image.file.storage, image.file.name or ""
    storage.delete(name)

    def die(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(rows, "go_on_after", die)
    with pytest.raises(SystemExit):
        restore(tmp_path / "all.zip", force=True)
    assert not storage.exists(name)
    assert Document.objects.get().restored_at is None


@either_database
def test_a_picture_that_is_lost_is_said(
    database: str, minutes: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = DocumentImage.objects.create(document=minutes, file="images/lost.png", width=1, height=1, size_bytes=1)
    call_command("backup", str(tmp_path / "all.zip"))
    assert f"Warning: the picture {image.file.name} is not in the storage." in capsys.readouterr().err
    assert (tmp_path / "all.zip").stat().st_mode & 0o77 == 0  # for its owner only: it holds everything


@either_database
def test_numbers_go_on_after_a_restore(database: str, ada: User, tmp_path: Path, person: Person) -> None:
    back_up(tmp_path / "all.zip")
    restore(tmp_path / "all.zip", force=True)
    assert person("bob").pk > ada.pk
    assert connection.vendor == database
    assert timedelta(0) <= timezone.now() - User.objects.get(username="bob").date_joined
