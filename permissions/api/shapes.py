"""What bodies and answers are made of. What comes in is strict: a member that means nothing here is refused."""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from permissions.models import User
from permissions.roles import Role

MORE_PROBLEMS = "x-problems"
MAX_NUMBER = 2**63 - 1  # of a database's integers

RoleName = Literal["viewer", "commenter", "editor", "owner"]
LesserRoleName = Literal["viewer", "commenter", "editor"]


def _as_moment(value: Any) -> Any:
    """RFC 3339 and nothing else: pydantic alone also takes seconds since 1970."""
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        raise PydanticCustomError("datetime_parsing", "not a time")
    return value


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
Moment = Annotated[AwareDatetime, BeforeValidator(_as_moment, json_schema_input_type=datetime)]
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
Holder = Annotated[str, Field(pattern=r"^(user|group)-[0-9]{1,18}$")]


class Body(BaseModel):
    """What is sent to us."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What we answer; all members are always there."""


class Changed(Answer):
    """An access changed: `change` names its receipt (docs/wire.md, RECEIPT); null where nothing was to change."""

    change: str | None


class Person(Answer):
    """Somebody as others see them. `color` is `#rrggbb`."""

    id: str
    name: str
    color: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(id=str(user.pk), name=user.display_name, color=user.color)


class Problem(Answer):
    """What was wrong (RFC 9457): `detail` is a sentence for people, `field` the member of the body that was wrong."""

    title: str
    detail: str
    status: int
    field: str = ""


def problems(*statuses: HTTPStatus) -> dict[str, Any]:
    """For an operation that may answer these too (`openapi_extra`)."""
    return {MORE_PROBLEMS: [int(status) for status in statuses]}


def change_in(changes: list[str]) -> str | None:
    """Of the changes that were noted (`signals.noted`), the one whose receipt tells of all."""
    return changes[-1] if changes else None


def label_of(role: int | Role) -> Any:
    """A role's label; `Any`, because types know labels as a few words and not as strings."""
    return Role(role).label
