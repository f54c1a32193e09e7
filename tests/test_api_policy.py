"""Every operation of the API, visited by everybody there is. An operation that is not in the table below fails.

none  nobody is signed in                          lin  an account that comes by a link for editors
str   an account without access                    gvi, gco, ged  a guest by a link for viewers, commenters, editors
vie, com, edi, own  has that role by name          gpw  a guest who gave the link's password
grp   an editor through a group                    gol  a guest by a link that was rotated since
rea   the owner's token that only reads            exp  the owner's token, which expired
wri   the owner's token that writes                off  the owner, who was deactivated
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.utils import timezone

from documents.models import Document
from permissions import guests, invitations, links, ownership, requests, teams, tokens
from permissions.models import AuditEntry, Scope, Team, User
from permissions.roles import Role
from permissions.sharing import write_role
from project.api import api

from .conftest import Person

TABLE = """
                                                  none  str  vie  com  edi  grp  own  lin  gvi  gco  ged  gpw  gol  wri  rea  exp  off
GET    /documents/                                 401  200  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
POST   /documents/                                 401  201  201  201  201  201  201  201  404  404  404  404  404  201  403  401  401
GET    /documents/{pk}/                            401  404  200  200  200  200  200  200  200  200  200  200  404  200  200  401  401
PATCH  /documents/{pk}/                            401  404  403  403  200  200  200  200  403  403  200  200  404  200  403  401  401
DELETE /documents/{pk}/                            401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
PUT    /documents/{pk}/star/                       401  404  204  204  204  204  204  204  404  404  404  404  404  204  403  401  401
DELETE /documents/{pk}/star/                       401  404  204  204  204  204  204  204  404  404  404  404  404  204  403  401  401
POST   /documents/{pk}/copies/                     401  404  201  201  201  201  201  201  404  404  404  404  404  201  403  401  401
GET    /documents/{pk}/people/                     401  404  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
GET    /documents/{pk}/shares/                     401  404  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
POST   /documents/{pk}/shares/                     401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
PATCH  /documents/{pk}/shares/{holder}/            401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
DELETE /documents/{pk}/shares/{holder}/            401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
GET    /documents/{pk}/access/                     401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
GET    /documents/{pk}/suggestions/                401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
GET    /documents/{pk}/link/                       401  404  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
PUT    /documents/{pk}/link/                       401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
POST   /documents/{pk}/link/rotation/              401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
PUT    /documents/{pk}/request-setting/            401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
GET    /documents/{pk}/invitations/                401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
POST   /documents/{pk}/invitations/                401  404  403  403  403  403  201  403  404  404  404  404  404  201  403  401  401
DELETE /documents/{pk}/invitations/{number}/       401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
GET    /documents/{pk}/requests/                   401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
POST   /documents/{pk}/requests/                   401  404  201  201  409  409  409  409  404  404  404  404  404  409  403  401  401
PUT    /documents/{pk}/requests/{number}/answer/   401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
GET    /documents/{pk}/offer/                      401  404  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
PUT    /documents/{pk}/offer/                      401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
DELETE /documents/{pk}/offer/                      401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
POST   /documents/{pk}/offer/acceptance/           401  404  404  404  200  404  404  404  404  404  404  404  404  404  403  401  401
POST   /documents/{pk}/offer/refusal/              401  404  404  404  200  404  404  404  404  404  404  404  404  404  403  401  401
GET    /documents/{pk}/log/                        401  404  403  403  403  403  200  403  404  404  404  404  404  200  403  401  401
DELETE /trash/{pk}/                                401  404  404  404  404  404  204  404  404  404  404  404  404  204  403  401  401
POST   /trash/{pk}/restoration/                    401  404  404  404  404  404  200  404  404  404  404  404  404  200  403  401  401
GET    /teams/                                     401  200  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
POST   /teams/                                     401  201  201  201  201  201  201  201  404  404  404  404  404  201  403  401  401
GET    /teams/{number}/                            401  404  404  404  200  404  200  404  404  404  404  404  404  200  200  401  401
PATCH  /teams/{number}/                            401  404  404  404  403  404  200  404  404  404  404  404  404  200  403  401  401
DELETE /teams/{number}/                            401  404  404  404  403  404  200  404  404  404  404  404  404  200  403  401  401
POST   /teams/{number}/members/                    401  404  404  404  403  404  201  404  404  404  404  404  404  201  403  401  401
DELETE /teams/{number}/members/{person}/           401  404  404  404  200  404  200  404  404  404  404  404  404  200  403  401  401
PUT    /teams/{number}/owner/                      401  404  404  404  403  404  200  404  404  404  404  404  404  200  403  401  401
GET    /notices/                                   401  200  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
GET    /notices/unread/                            401  200  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
POST   /notices/read/                              401  200  200  200  200  200  200  200  404  404  404  404  404  200  403  401  401
GET    /notices/preferences/                       401  200  200  200  200  200  200  200  404  404  404  404  404  200  200  401  401
PUT    /notices/preferences/                       401  200  200  200  200  200  200  200  404  404  404  404  404  200  403  401  401
"""  # noqa: E501

BODIES: dict[str, Any] = {
    "POST /documents/": {"title": "New"},
    "PATCH /documents/{pk}/": {"title": "Renamed"},
    "POST /documents/{pk}/shares/": {"people": ["stan"], "role": "viewer"},
    "PATCH /documents/{pk}/shares/{holder}/": {"role": "editor"},
    "PUT /documents/{pk}/link/": {"role": "viewer"},
    "PUT /documents/{pk}/request-setting/": {"admits": True},
    "POST /documents/{pk}/invitations/": {"role": "viewer"},
    "POST /documents/{pk}/requests/": {"role": "editor"},
    "PUT /documents/{pk}/requests/{number}/answer/": {"role": "viewer"},
    "PUT /documents/{pk}/offer/": {"person": "eddy"},
    "POST /teams/": {"name": "Crew"},
    "PATCH /teams/{number}/": {"name": "Staff"},
    "POST /teams/{number}/members/": {"person": "carol"},
    "PUT /teams/{number}/owner/": {"person": "eddy"},
    "POST /notices/read/": {},
    "PUT /notices/preferences/": {"muted": ["shared"]},
}


@dataclass(frozen=True)
class World:
    """A document of ada's, `people` by name, and one of each thing that operations are about."""

    people: dict[str, User]
    minutes: Document
    old: Document
    team: Team
    invitation: int
    request: int

    def url(self, operation: str) -> str:
        path = operation.partition(" ")[2]
        pk = self.old.pk if path.startswith("/trash/") else self.minutes.pk
        number = self.invitation if "/invitations/" in path else self.request
        number = self.team.pk if path.startswith("/teams/") else number
        holder = f"user-{self.people['carol'].pk}"
        return f"/api{path}".format(pk=pk, holder=holder, number=number, person=self.people["eddy"].pk)

    def body(self, operation: str) -> str:
        body = dict(BODIES.get(operation, {}))
        if operation in ("PUT /documents/{pk}/offer/", "PUT /teams/{number}/owner/"):
            body["person"] = self.people[body["person"]].pk
        return json.dumps(body)


@pytest.fixture
def world(person: Person, db: None) -> World:
    people = {name: person(name) for name in ("ada", "vera", "carl", "eddy", "gina", "stan", "carol", "rita")}
    minutes, old = (Document.objects.create_for(owner=people["ada"], title=title) for title in ("Minutes", "Old"))
    board = Group.objects.create(name="board")
    people["gina"].groups.add(board)
    roles = {"vera": Role.VIEWER, "carl": Role.COMMENTER, "eddy": Role.EDITOR, "carol": Role.VIEWER}
    for document in (minutes, old):
        for name, role in roles.items():
            write_role(obj=document, to=people[name], role=role)
        write_role(obj=document, to=board, role=Role.EDITOR)
    Document.objects.filter(pk=old.pk).update(trashed_at=timezone.now())
    team = teams.create(by=people["ada"], name="Team")
    teams.add(by=people["ada"], team=team, who="eddy")
    made = invitations.invite(by=people["ada"], obj=minutes, role=Role.VIEWER)
    ownership.offer(by=people["ada"], obj=minutes, to=people["eddy"])
    minutes.admits_requests = True
    minutes.save()
    asked = requests.ask(by=people["rita"], obj=minutes, role=Role.EDITOR)
    minutes.admits_requests = False
    minutes.save()
    return World(people, minutes, old, team, made.invitation.pk, asked.pk)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, "permissions.backends.SignInBackend")
    return browser


def by_name(name: str) -> Callable[[World], Client]:
    return lambda world: signed_in(world.people[name])


def by_link(world: World) -> Client:
    links.set_link(by=world.people["ada"], obj=world.minutes, role=Role.EDITOR)
    return signed_in(world.people["stan"])


def guest(role: Role, password: str = "", *, rotated: bool = False) -> Callable[[World], Client]:
    def come(world: World) -> Client:
        links.set_link(by=world.people["ada"], obj=world.minutes, role=role, password=password)
        browser = signed_in(guests.welcome(obj=world.minutes, name="Quiet Heron", password=password))
        if rotated:
            links.set_link(by=world.people["ada"], obj=world.minutes, role=role, rotate=True)
        return browser

    return come


def program(scope: Scope, *, ago: timedelta | None = None) -> Callable[[World], Client]:
    def come(world: World) -> Client:
        expires_at = None if ago is None else timezone.now() - ago
        secret = tokens.make(person=world.people["ada"], name="x", scope=scope, expires_at=expires_at)
        return Client(headers={"authorization": f"Bearer {secret}"})

    return come


def deactivated(world: World) -> Client:
    browser = signed_in(world.people["ada"])
    User.objects.filter(pk=world.people["ada"].pk).update(is_active=False)
    return browser


VISITORS: dict[str, Callable[[World], Client]] = {
    "none": lambda _: Client(),
    "str": by_name("stan"),
    "vie": by_name("vera"),
    "com": by_name("carl"),
    "edi": by_name("eddy"),
    "grp": by_name("gina"),
    "own": by_name("ada"),
    "lin": by_link,
    "gvi": guest(Role.VIEWER),
    "gco": guest(Role.COMMENTER),
    "ged": guest(Role.EDITOR),
    "gpw": guest(Role.EDITOR, "open sesame"),
    "gol": guest(Role.EDITOR, rotated=True),
    "wri": program(Scope.WRITE),
    "rea": program(Scope.READ),
    "exp": program(Scope.WRITE, ago=timedelta(seconds=1)),
    "off": deactivated,
}


def read_table() -> dict[str, dict[str, int]]:
    head, *lines = (line for line in TABLE.splitlines() if line.strip())
    names = head.split()
    assert set(names) == set(VISITORS)
    rows = {}
    for line in lines:
        method, path, *answers = line.split()
        rows[f"{method} {path}"] = dict(zip(names, map(int, answers), strict=True))
    return rows


def operations() -> set[str]:
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    return {f"{method.upper()} {path}" for path, by_method in paths.items() for method in by_method}


def trace(world: World) -> Any:
    """What an answer that refuses must not have touched."""
    minutes = Document.objects.values().get(pk=world.minutes.pk)
    return (
        minutes,
        Document.objects.count(),
        list(Document.objects.filter(pk=world.old.pk).values_list("trashed_at")),
        list(minutes_rows(world)),
        AuditEntry.objects.count(),
        Team.objects.values_list("name", "owner", "group__user").count(),
    )


def minutes_rows(world: World) -> list[Any]:
    obj: Any = world.minutes
    return [
        sorted(obj.documentuserpermission_set.values_list("user", "permission")),
        obj.invitations.filter(revoked_at__isnull=True).count(),
        obj.access_requests.filter(answered_at__isnull=True).count(),
        list(Document.objects.filter(pk=obj.pk).values_list("ownership_offer__to")),
    ]


def test_every_operation_is_in_the_table() -> None:
    assert operations() == set(read_table())


@pytest.mark.parametrize("operation", sorted(read_table()))
def test_everybody_gets_what_the_table_says(operation: str, world: World) -> None:
    method = operation.partition(" ")[0]
    answers: dict[str, int] = {}
    for name, come in VISITORS.items():
        with transaction.atomic():
            browser = come(world)
            before = trace(world)
            url, body = world.url(operation), world.body(operation)
            answer = browser.generic(method, url, body, content_type="application/json")
            answers[name] = answer.status_code
            if answer.status_code >= 400:
                assert answer["Content-Type"] == "application/problem+json", name
                assert trace(world) == before, name
            transaction.set_rollback(True)
        world.minutes.refresh_from_db()
    assert answers == read_table()[operation]


@pytest.mark.parametrize("operation", [each for each in sorted(read_table()) if not each.startswith("GET ")])
def test_a_page_that_changes_something_shows_the_csrf_token(operation: str, world: World) -> None:
    """Else any other site could let a signed-in browser do it."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["ada"], "permissions.backends.SignInBackend")
    before = trace(world)
    method, url = operation.partition(" ")[0], world.url(operation)
    answer = browser.generic(method, url, world.body(operation), content_type="application/json")
    assert (answer.status_code, trace(world)) == (403, before)
    browser.cookies["csrftoken"] = "a" * 32
    headers = {"X-CSRFToken": "a" * 32}
    answer = browser.generic(method, url, world.body(operation), content_type="application/json", headers=headers)
    assert answer.status_code == read_table()[operation]["own"]


def test_other_methods_are_not_possible(world: World) -> None:
    browser = signed_in(world.people["ada"])
    table = read_table()
    for path in {operation.partition(" ")[2] for operation in table}:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if f"{method} {path}" not in table:
                answer = browser.generic(method, world.url(f"{method} {path}"), "{}", content_type="application/json")
                assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json"), (method, path)
                assert f"{answer['Allow'].split(', ')[0]} {path}" in table


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
def test_anybody_reads_the_description_and_nobody_writes_it(path: str, client: Client, db: None) -> None:
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", ["/api/", "/api/nothing/", "/api/documents/x/", "/api/trash/x/restoration/"])
def test_what_is_no_operation_is_not_found(path: str, client: Client, db: None) -> None:
    answer = client.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
