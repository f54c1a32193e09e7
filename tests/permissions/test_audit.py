"""The audit log: every act has its line, in the act's own transaction, and no line is ever another."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from documents.models import Document
from documents.trash import delete_for_good, restore, trash
from permissions import audit
from permissions.audit import Action
from permissions.errors import LastOwner
from permissions.models import AppendOnly, AuditEntry, User
from permissions.roles import Role
from permissions.sharing import grant, revise, revoke
from permissions.whence import Whence, site_address, whence, whence_middleware
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def said() -> list[tuple[str, str, str, str, str]]:
    """(action, actor, subject, before, after), oldest first."""
    entries = AuditEntry.objects.order_by("pk")
    return [(e.action, e.actor_name, e.subject_name, e.before, e.after) for e in entries]


def test_every_act_of_sharing_has_its_line(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    revise(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    revoke(by=ada, obj=minutes, to=bob)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    revoke(by=bob, obj=minutes, to=bob)
    assert said() == [
        ("granted", "Ada", "Bob", "", "viewer"),
        ("changed", "Ada", "Bob", "viewer", "owner"),
        ("revoked", "Ada", "Bob", "owner", ""),
        ("granted", "Ada", "Bob", "", "editor"),
        ("left", "Bob", "Bob", "editor", ""),
    ]
    entry = audit.entries_of(minutes.pk)[0]
    assert (entry.object_name, entry.subject_kind, entry.subject_id) == ("Minutes", "user", bob.pk)


def test_the_trash_has_its_lines_and_they_outlive_the_document(ada: User, minutes: Document) -> None:
    pk = minutes.pk
    trash(by=ada, document=minutes)
    restore(by=ada, document=minutes)
    trash(by=ada, document=minutes)
    delete_for_good(by=ada, document=minutes)
    assert [each[0] for each in said()] == ["trashed", "restored", "trashed", "deleted"]
    assert {entry.object_id for entry in audit.entries_of(pk)} == {pk}


def test_what_was_refused_has_no_line(ada: User, minutes: Document) -> None:
    with pytest.raises(LastOwner):
        revoke(by=ada, obj=minutes, to=ada)
    assert said() == []


def test_an_act_that_is_rolled_back_has_no_line(ada: User, bob: User, minutes: Document) -> None:
    with transaction.atomic():
        grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
        transaction.set_rollback(True)
    assert said() == []


def test_groups_and_addresses_are_named(ada: User, minutes: Document) -> None:
    choir = Group.objects.create(name="Choir")
    grant(by=ada, obj=minutes, to=choir, role=Role.VIEWER)
    audit.record(Action.INVITED, by=ada, obj=minutes, subject="eve@example.org", after=Role.VIEWER)
    audit.record(Action.LINK, by=ada, obj=minutes, after="viewer")
    audit.record(Action.TEAM, by=None, after="x" * 100)
    kinds = list(AuditEntry.objects.order_by("pk").values_list("subject_kind", "subject_name"))
    assert kinds == [("group", "Choir"), ("email", "eve@example.org"), ("link", ""), ("", "")]
    assert said()[-1] == ("team", "", "", "", "x" * 40)


def test_names_of_any_length_fit(ada: User, person: Person) -> None:
    long = person("l" * 150, name="")
    minutes = Document.objects.create_for(owner=ada, title="t" * 200)
    grant(by=ada, obj=minutes, to=long, role=Role.OWNER)
    revoke(by=long, obj=minutes, to=ada)
    assert audit.entries_of(minutes.pk)[0].actor_name == "l" * 80


async def test_an_act_has_the_address_of_its_request_and_no_later_one(ada: User, minutes: Document) -> None:
    seen: list[tuple[str, str]] = []

    def note(request: HttpRequest) -> HttpResponse:
        seen.append((whence().address, site_address("/x/")))
        return HttpResponse()

    async def note_aside(request: HttpRequest) -> HttpResponse:
        return note(request)

    request = RequestFactory(REMOTE_ADDR="203.0.113.9", HTTP_HOST="localhost:8000").get("/")
    whence_middleware(note)(request)
    aside: Any = whence_middleware(note_aside)
    await aside(request)
    assert seen == [("203.0.113.9", "http://localhost:8000/x/")] * 2
    assert whence() == Whence()


def test_an_act_over_http_has_its_address(ada: User, minutes: Document, browser_of: Callable[..., Client]) -> None:
    trash(by=ada, document=minutes)
    browser_of(ada).post(f"/api/trash/{minutes.pk}/restoration/", REMOTE_ADDR="203.0.113.8")
    assert [entry.address for entry in audit.entries_of(minutes.pk)] == ["203.0.113.8", None]


def test_without_a_request_links_are_made_with_the_setting_or_the_first_host(settings: Any) -> None:
    assert site_address("/x/") == "http://testserver/x/"
    settings.SITE_URL = "https://write.example.org"
    assert site_address("/x/") == "https://write.example.org/x/"


def test_entries_are_never_changed_or_deleted(ada: User, minutes: Document) -> None:
    entry = audit.record(Action.LINK, by=ada, obj=minutes)
    entry.action = Action.GRANTED
    everything = AuditEntry.objects.all()
    for act in (
        entry.save,
        entry.delete,
        everything.delete,
        lambda: everything.update(action="left"),
        lambda: everything.bulk_update([entry], ["action"]),
    ):
        with pytest.raises(AppendOnly):
            act()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry(pk=entry.pk, action="left").save()  # an old number for a new entry
    assert AuditEntry.objects.get().action == "link"


def test_a_page_of_entries_goes_on_where_the_last_one_ended(ada: User, minutes: Document) -> None:
    made = [audit.record(Action.LINK, by=ada, obj=minutes, after=str(n)) for n in range(5)]
    other = Document.objects.create_for(owner=ada)
    audit.record(Action.LINK, by=ada, obj=other)
    first = audit.entries_of(minutes.pk, limit=2)
    assert [e.pk for e in first] == [made[4].pk, made[3].pk]
    rest = audit.entries_of(minutes.pk, before=first[-1].pk, limit=10)
    assert [e.after for e in rest] == ["2", "1", "0"]


def test_what_is_too_old_is_deleted_by_the_command_and_nothing_else(ada: User, settings: Any) -> None:
    old, new = (audit.record(Action.TEAM, by=ada, after=age) for age in ("old", "new"))
    AuditEntry._base_manager.filter(pk=old.pk)._raw_delete("default")
    old.pk, old._state.adding = None, True
    now = timezone.now
    with pytest.MonkeyPatch.context() as past:
        past.setattr(timezone, "now", lambda: now() - timedelta(days=11))
        old.save()
    settings.AUDIT_DAYS = 0
    assert run("expire_audit_log") == "The audit log is kept for ever: COSCRIBE_AUDIT_DAYS is 0.\n"
    assert AuditEntry.objects.count() == 2
    settings.AUDIT_DAYS = 10
    assert run("expire_audit_log") == "1 entries older than 10 days deleted.\n"
    assert list(AuditEntry.objects.values_list("pk", flat=True)) == [new.pk]


def test_the_log_is_exported_as_json_lines(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    audit.record(Action.TEAM, by=None, after="two\nlines")
    first, second = map(json.loads, run("export_audit_log").splitlines())
    assert first | {"id": 0, "at": ""} == {
        "id": 0, "at": "", "action": "granted", "object": {"id": str(minutes.pk), "name": "Minutes"},
        "actor": {"id": ada.pk, "name": "Ada"}, "subject": {"kind": "user", "id": bob.pk, "name": "Bob"},
        "before": "", "after": "viewer", "address": None,
    }  # fmt: skip
    assert (second["object"], second["actor"], second["subject"], second["after"]) == (None, None, None, "two\nlines")
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    assert run("export_audit_log", since=tomorrow) == ""
    assert run("export_audit_log", since=first["at"]).count("\n") == 2
    with pytest.raises(CommandError, match="neither a day"):
        run("export_audit_log", since="yesterday")


def test_operators_read_the_log_and_change_nothing(
    ada: User, bob: User, minutes: Document, person: Person, browser_of: Callable[..., Client]
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    entry = AuditEntry.objects.get()
    browser = browser_of(person("root", is_staff=True, is_superuser=True))
    page = browser.get("/admin/permissions/auditentry/", {"action__exact": "granted", "q": "Minutes"})
    assert page.status_code == 200
    assert "gave access" in page.content.decode()
    assert browser.get(f"/admin/permissions/auditentry/{entry.pk}/change/").status_code == 200
    for path in ("add/", f"{entry.pk}/change/", f"{entry.pk}/delete/"):
        assert browser.post(f"/admin/permissions/auditentry/{path}", {"action": "left"}).status_code == 403
    browser.post("/admin/permissions/auditentry/", {"action": "delete_selected", "_selected_action": [entry.pk]})
    assert AuditEntry.objects.count() == 1


def run(command: str, **options: Any) -> str:
    out = io.StringIO()
    arguments = [f"--{name}={value}" for name, value in options.items()]
    call_command(command, *arguments, stdout=out)
    return out.getvalue()
