"""The trash: who may put in, take out and delete for good; and what time does."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from documents import log
from documents.models import Document, DocumentImage, DocumentUpdate
from documents.stars import star
from documents.trash import trash
from permissions.access import access_for, named_on, owned_by
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, write_role
from tests.databases import either_database

Browser = Callable[[User | None], Client]


def test_an_owner_takes_it_back_and_everybody_has_their_role_again(
    minutes: Document, ada: User, bob: User, browser_of: Browser
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    trash(by=ada, document=minutes)
    assert browser_of(bob).get("/").context["documents"] == []
    assert browser_of(ada).post(f"/api/trash/{minutes.pk}/restoration/").status_code == 200
    assert access_for(bob, Document.objects.get()).role is Role.EDITOR
    assert [each.title for each in browser_of(bob).get("/").context["documents"]] == ["Minutes"]
    assert browser_of(ada).post(f"/api/trash/{minutes.pk}/restoration/").status_code == 404  # it lies there no more


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.EDITOR])
def test_only_owners_reach_into_the_trash(
    minutes: Document, ada: User, bob: User, browser_of: Browser, role: Role
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=role)
    trash(by=ada, document=minutes)
    assert browser_of(bob).get("/?view=trash").context["documents"] == []
    assert browser_of(bob).post(f"/api/trash/{minutes.pk}/restoration/").status_code == 404
    assert browser_of(bob).delete(f"/api/trash/{minutes.pk}/").status_code == 404
    assert Document.objects.get().trashed_at is not None


def test_only_what_lies_in_the_trash_is_deleted_for_good(minutes: Document, ada: User, browser_of: Browser) -> None:
    assert browser_of(ada).delete(f"/api/trash/{minutes.pk}/").status_code == 404
    DocumentUpdate.objects.create(document=minutes, seq=1, author=ada, created_at=timezone.now(), payload=b"x")
    star(by=ada, document=minutes)
    trash(by=ada, document=minutes)
    assert browser_of(ada).delete(f"/api/trash/{minutes.pk}/").status_code == 204
    assert Document.objects.count() == DocumentUpdate.objects.count() == 0


def test_its_pictures_are_deleted_with_it(
    minutes: Document, ada: User, browser_of: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    image = DocumentImage(document=minutes, uploaded_by=ada, content_type="image/png", width=1, height=1, size_bytes=1)
    image.file.save("picture.png", ContentFile(b"x"), save=False)
    image.save()
    storage, name = image.file.storage, image.file.name or ""
    assert storage.exists(name)
    trash(by=ada, document=minutes)
    with django_capture_on_commit_callbacks(execute=True):
        assert browser_of(ada).delete(f"/api/trash/{minutes.pk}/").status_code == 204
    assert not storage.exists(name)


def test_the_trash_says_when_it_is_emptied(minutes: Document, ada: User, browser_of: Browser, settings: Any) -> None:
    settings.TRASH_DAYS = 10
    trash(by=ada, document=minutes)
    [listed] = browser_of(ada).get("/?view=trash").context["documents"]
    assert listed.goes_at == listed.trashed_at + timedelta(days=10)
    assert "is deleted for good after 10 days" in browser_of(ada).get("/?view=trash").content.decode()


def test_nothing_can_be_written_into_the_trash(minutes: Document, ada: User, transactional_db: None) -> None:
    trash(by=ada, document=minutes)
    append = log.Append(minutes.pk, 0, (log.Row(ada.pk, b"\x00\x00"),))
    assert log.append([append], clients_of=lambda _: ()) == [log.Missing()]


@either_database
def test_the_trash_belongs_to_owners_by_name_and_group(person: Any, database: str) -> None:
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    crew = Group.objects.create(name="Crew")
    carol.groups.add(crew)
    plan = Document.objects.create_for(owner=ada, title="Plan")
    write_role(obj=plan, to=bob, role=Role.EDITOR)
    write_role(obj=plan, to=crew, role=Role.OWNER)
    people = [ada.pk, bob.pk, carol.pk]

    def owners(*, trashed: bool) -> list[int]:
        return [
            each.pk for each in (ada, bob, carol) if owned_by(each, Document.objects.all(), trashed=trashed).exists()
        ]

    assert (owners(trashed=False), owners(trashed=True)) == ([ada.pk, carol.pk], [])
    assert named_on(Document, [plan.pk], people) == {(plan.pk, each) for each in people}
    trash(by=carol, document=plan)
    assert (owners(trashed=False), owners(trashed=True)) == ([], [ada.pk, carol.pk])
    assert named_on(Document, [plan.pk], [*people, 12345]) == {(plan.pk, each) for each in people}
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert (owners(trashed=True), named_on(Document, [plan.pk], [ada.pk])) == ([carol.pk], set())


# -- manage.py empty_trash ---------------------------------------------------------------------------------------------


@pytest.fixture
def lying(ada: User) -> dict[int, UUID]:
    """A document that has been in the trash for so many days, by the days."""
    made = {}
    for days in (5, 29, 31, 400):
        document = Document.objects.create_for(owner=ada, title=f"{days} days")
        Document.objects.filter(pk=document.pk).update(trashed_at=timezone.now() - timedelta(days=days))
        made[days] = document.pk
    Document.objects.create_for(owner=ada, title="Not in the trash")
    return made


def empty_trash(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("empty_trash", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_what_has_lain_too_long_is_deleted_with_a_warning(lying: dict[int, UUID]) -> None:
    out, err = empty_trash()
    assert "Warning: 2 documents are being deleted for good. There is no way back." in err
    assert f"{lying[400]}: deleted, in the trash since" in out
    assert "2 deleted." in out
    assert set(Document.objects.values_list("title", flat=True)) == {"5 days", "29 days", "Not in the trash"}
    assert "Nothing has been in the trash for longer than 30 days." in empty_trash()[0]


def test_a_dry_run_only_says_what_would_be_deleted(lying: dict[int, UUID]) -> None:
    out, err = empty_trash("--dry-run")
    assert f"{lying[31]}: would be deleted" in out
    assert "2 would be deleted." in out
    assert err == ""
    assert Document.objects.count() == 5
