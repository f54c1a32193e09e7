"""The operator's pages: they open, show no content, and tell open sessions what they change."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from documents.models import Document
from permissions.access import access_for
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant
from permissions.signals import access_changed
from tests.conftest import Person

Browser = Callable[[User | None], Client]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(person: Person, browser_of: Browser) -> Client:
    return browser_of(person("root", is_staff=True, is_superuser=True))


@pytest.mark.parametrize("page", ["permissions/user/", "permissions/user/add/", "auth/group/", "documents/document/"])
def test_the_pages_open(operator: Client, minutes: Document, page: str) -> None:
    assert operator.get(f"/admin/{page}").status_code == 200


def test_documents_are_shown_without_content_and_cannot_be_changed(operator: Client, minutes: Document) -> None:
    url = f"/admin/documents/document/{minutes.pk}/change/"
    page = operator.get(url)
    assert page.status_code == 200
    assert "Minutes" in page.content.decode()
    assert operator.post(url, {"title": "Mine"}).status_code == 403
    assert operator.get("/admin/documents/documentupdate/").status_code == 404


def test_deactivating_somebody_is_announced(operator: Client, minutes: Document, ada: User, heard: list[Any]) -> None:
    url = f"/admin/permissions/user/{ada.pk}/change/"
    form = operator.get(url).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, False)}
    joined = {"date_joined_0": ada.date_joined.date(), "date_joined_1": ada.date_joined.strftime("%H:%M:%S")}
    del data["is_active"]
    response = operator.post(url, {**data, **joined, "groups": [], "user_permissions": []})
    assert response.status_code == 302
    assert heard == [(User, ada.pk)]
    assert access_for(ada, minutes).role is None


def test_deleting_a_group_is_announced_to_its_members(
    operator: Client, minutes: Document, ada: User, bob: User, heard: list[Any]
) -> None:
    staff = Group.objects.create(name="staff")
    bob.groups.add(staff)
    grant(by=ada, obj=minutes, to=staff, role=Role.EDITOR)
    heard.clear()
    assert operator.post(f"/admin/auth/group/{staff.pk}/delete/", {"post": "yes"}).status_code == 302
    assert heard == [(User, bob.pk)]
    assert access_for(bob, minutes).role is None


@pytest.fixture
def heard() -> Any:
    found: list[Any] = []

    def hear(*, model: Any, object_id: Any, **_: Any) -> None:
        found.append((model, object_id))

    access_changed.connect(hear)
    yield found
    access_changed.disconnect(hear)
