"""Groups that people make: their names, their people, their owner."""

from http import HTTPStatus
from typing import Annotated, Any

from django.http import Http404
from ninja import Path, Router, Status
from pydantic import Field

from permissions import teams
from permissions.holders import holder_of
from permissions.models import Team, User
from permissions.signals import noted

from .door import Asked
from .paging import After, page
from .shapes import Answer, Body, Changed, Number, Person, change_in, problems

WRONG_NOW = problems(HTTPStatus.CONFLICT)


class Group(Answer):
    """`holder` names it in shares; `mine`: whether the asker owns it. `documents`: how many it has access to."""

    id: int
    holder: str
    name: str
    owner: Person
    mine: bool


class Groups(Answer):
    teams: list[Group]
    next: str


class FullGroup(Group):
    people: list[Person]
    documents: int


class NewTeam(Body):
    name: Annotated[str, Field(max_length=200)]


class NewMember(Body):
    """A user name, or the address of somebody one shares something with."""

    person: Annotated[str, Field(min_length=1, max_length=254)]


class NewOwner(Body):
    """The id of somebody in the group."""

    person: Number


class AddedMember(Changed):
    person: Person


class EndedTeam(Changed):
    """How many documents it had access to."""

    documents: int


def team_routes() -> Router:
    router = Router(tags=["Groups"])

    @router.get("/", response=Groups, url_name="teams", summary="The groups I am in")
    def read_teams(request: Asked, after: After) -> Groups:
        mine = teams.teams_of(request.auth)
        found, following = page(mine, key=lambda team: [team.name.lower(), team.pk], after=after)
        return Groups(teams=[Group(**_facts(team, request.auth)) for team in found], next=following)

    @router.post("/", response={201: Group}, openapi_extra=WRONG_NOW, summary="Make a group")
    def make_team(request: Asked, body: NewTeam) -> Status[Group]:
        team = teams.create(by=request.auth, name=body.name)
        return Status(HTTPStatus.CREATED, Group(**_facts(team, request.auth)))

    @router.get("/{number}/", response=FullGroup, url_name="team", summary="Who is in a group")
    def read_team(request: Asked, number: Path[Number]) -> FullGroup:
        team = _find(request.auth, number)
        people = [Person.of(person) for person in teams.people_of(team)]
        return FullGroup(**_facts(team, request.auth), people=people, documents=teams.reach(team))

    @router.patch("/{number}/", response=Group, summary="Rename a group")
    def rename_team(request: Asked, number: Path[Number], body: NewTeam) -> Group:
        team = _find(request.auth, number)
        teams.rename(by=request.auth, team=team, name=body.name)
        return Group(**_facts(team, request.auth))

    @router.delete("/{number}/", response=EndedTeam, summary="Delete a group, which ends what it gave")
    def delete_team(request: Asked, number: Path[Number]) -> EndedTeam:
        team = _find(request.auth, number)
        with noted() as changes:
            lost = teams.delete(by=request.auth, team=team)
        return EndedTeam(documents=lost, change=change_in(changes))

    @router.post(
        "/{number}/members/",
        response={201: AddedMember},
        url_name="members",
        openapi_extra=WRONG_NOW,
        summary="Add somebody",
    )
    def add_member(request: Asked, number: Path[Number], body: NewMember) -> Status[AddedMember]:
        team = _find(request.auth, number)
        with noted() as changes:
            added = teams.add(by=request.auth, team=team, who=body.person)
        return Status(HTTPStatus.CREATED, AddedMember(person=Person.of(added), change=change_in(changes)))

    @router.delete(
        "/{number}/members/{person}/",
        response=Changed,
        url_name="member",
        openapi_extra=WRONG_NOW,
        summary="Remove, or leave",
    )
    def remove_member(request: Asked, number: Path[Number], person: Path[Number]) -> Changed:
        team = _find(request.auth, number)
        with noted() as changes:
            teams.remove(by=request.auth, team=team, who=_person(person))
        return Changed(change=change_in(changes))

    @router.put(
        "/{number}/owner/", response=Group, url_name="team-owner", openapi_extra=WRONG_NOW, summary="Hand a group over"
    )
    def hand_over_team(request: Asked, number: Path[Number], body: NewOwner) -> Group:
        team = _find(request.auth, number)
        teams.hand_over(by=request.auth, team=team, to=_person(body.person))
        return Group(**_facts(_find(request.auth, number), request.auth))

    return router


def _find(person: User, number: int) -> Team:
    team = teams.find(person, number)
    if team is None:
        raise Http404
    return team


def _person(number: int) -> User:
    found = holder_of("user", number)
    if not isinstance(found, User):
        raise Http404
    return found


def _facts(team: Team, person: User) -> dict[str, Any]:
    return {
        "id": team.pk,
        "holder": f"group-{team.group_id}",
        "name": team.name,
        "owner": Person.of(team.owner),
        "mine": team.owner_id == person.pk,
    }
