"""The API does what its description says, for what fits the description and for what does not (schemathesis)."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from documents.models import Document
from permissions import invitations, requests, teams, tokens
from permissions.models import Scope
from permissions.roles import Role
from permissions.sharing import grant
from project.api import api
from tests.conftest import Person

EXAMPLES = 300 if os.environ.get("COSCRIBE_LONG") else 6  # of each operation, and of each kind
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


def described() -> Any:
    """Without the ways in: who gets in is asked by test_api_policy."""
    description = api.get_openapi_schema(path_prefix="/api/")
    for operation in (operation for path in description["paths"].values() for operation in path.values()):
        del operation["security"]
    schema = schemathesis.openapi.from_dict(description)
    schema.app = get_wsgi_application()
    return schema


OPERATIONS = {operation.ok().label: operation.ok() for operation in described().get_all_operations()}


@pytest.fixture
def place(person: Person, db: None) -> dict[str, Any]:
    """What is in paths, and what a program of an owner's shows."""
    ada, bob = person("ada"), person("bob")
    document = Document.objects.create_for(owner=ada, title="Minutes")
    old = Document.objects.create_for(owner=ada, title="Old")
    old.trashed_at = document.created_at
    old.save()
    grant(by=ada, obj=document, to=bob, role=Role.VIEWER)
    made = invitations.invite(by=ada, obj=document, role=Role.VIEWER)
    asked = requests.ask(by=bob, obj=document, role=Role.EDITOR)
    team = teams.create(by=ada, name="Crew")
    teams.add(by=ada, team=team, who="bob")
    secret = tokens.make(person=ada, name="x", scope=Scope.WRITE, expires_at=None)
    return {
        "pk": {"/trash/": old.pk, "": document.pk},
        "number": {"/invitations/": made.invitation.pk, "/requests/": asked.pk, "/teams/": team.pk},
        "holder": {"": f"user-{bob.pk}"},
        "person": {"": bob.pk},
        "authorization": f"Bearer {secret}",
    }


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A request ends the connection of its thread, which here is the test's."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def cases() -> Iterator[Any]:
    for label, operation in sorted(OPERATIONS.items()):
        yield pytest.param(label, GenerationMode.POSITIVE, id=f"{label} fits")
        if operation.path_parameters or operation.query or operation.body:  # else there is nothing that does not
            yield pytest.param(label, GenerationMode.NEGATIVE, id=f"{label} does not fit")


@pytest.mark.parametrize(("label", "mode"), list(cases()))
def test_the_description_is_true(label: str, mode: GenerationMode, place: dict[str, Any]) -> None:
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def call(case: Case[Any]) -> None:
        fill(case, place)
        with transaction.atomic():
            response = case.call(headers={"Authorization": place["authorization"]})
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKS)

    call()


def fill(case: Case[Any], place: dict[str, Any]) -> None:
    """Put what exists into the path, where a made-up one fits: else nearly all that is asked is not there."""
    meta = case.meta
    assert meta is not None
    path = meta.components.get(ParameterLocation.PATH)
    if path is None or path.mode is GenerationMode.NEGATIVE:
        return
    for name in case.path_parameters:
        part = next(part for part in place[name] if part in case.path)
        case.path_parameters[name] = str(place[name][part])
