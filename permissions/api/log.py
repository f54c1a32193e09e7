"""Who changed whose access to one object, when and from where: for its owners."""

from datetime import datetime
from uuid import UUID

from ninja import Path, Router

from permissions.audit import as_json, entries_of

from .door import Asked
from .finding import Find, managed
from .paging import PAGE_SIZE, After, following, number_in
from .shapes import Answer


class Thing(Answer):
    id: str
    name: str


class Actor(Answer):
    id: int
    name: str


class Subject(Answer):
    """`kind`: user, group, link or email; without `id` for the last two."""

    kind: str
    id: int | None
    name: str


class Entry(Answer):
    """An act, in the words of its day. `actor` null: an operator's command; `words`: the action, to be read."""

    id: int
    at: datetime
    action: str
    words: str
    object: Thing | None
    actor: Actor | None
    subject: Subject | None
    before: str
    after: str
    address: str | None


class Log(Answer):
    entries: list[Entry]
    next: str


def log_routes(find: Find) -> Router:
    """Below an address that captures the object's `pk`."""
    router = Router(tags=["Sharing"])

    @router.get("/log/", response=Log, url_name="log", summary="The audit log, newest first")
    def read_log(request: Asked, pk: Path[UUID], after: After) -> Log:
        obj = managed(find, request.auth, pk)
        rows = entries_of(obj.pk, before=number_in(after), limit=PAGE_SIZE + 1)
        shown, key = following(rows, lambda entry: entry.pk)
        return Log(
            entries=[Entry.model_validate(as_json(entry) | {"words": entry.get_action_display()}) for entry in shown],
            next=key,
        )

    return router
