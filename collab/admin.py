"""The operator's page about open documents: in which process, who is in them, what waits; and a button to close one.

It shows names and titles, as the other pages here do, and never content. Closing loses nothing: what was taken is
answered first, and the people come back at once.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from documents.models import Document
from permissions import audit
from permissions.audit import Action
from permissions.models import User

from . import hub as hubs
from .hub import Hub
from .models import OpenDocument
from .processes import OpenRoom, Process

LATE_MS = 1_000  # an edit that waits longer is marked


@dataclass(frozen=True, slots=True)
class Line:
    """An open document, as it is shown."""

    document: UUID
    title: str
    room: OpenRoom
    waits: str
    is_late: bool
    saved: str

    @property
    def more(self) -> int:
        """People who are not named."""
        return self.room.people - len(self.room.names)


@dataclass(frozen=True, slots=True)
class Shown:
    """A process, as it is shown."""

    process: Process
    runs: str
    waits: str
    is_late: bool
    stalled: str
    lines: list[Line]

    @property
    def more(self) -> int:
        """Open documents that are not listed."""
        return self.process.rooms - len(self.lines)


@admin.register(OpenDocument)
class OpenDocumentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs only
    """Read from the processes and not from the database: every look asks all of them."""

    def get_urls(self) -> list[URLPattern]:
        closed = self.admin_site.admin_view(self.close_view)
        look = self.admin_site.admin_view(self.changelist_view)
        return [
            path("", look, name="collab_opendocument_changelist"),
            path("closed/", closed, name="collab_opendocument_closed"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """All processes that answer, and what is open in them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        processes = hubs.ask(_survey)
        context = {
            **self.admin_site.each_context(request),
            "title": "Open documents",
            "opts": self.model._meta,
            "processes": [] if processes is None else _shown(processes),
            "may_close": self.may_close(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "collab/open_documents.html", context)

    def close_view(self, request: HttpRequest) -> HttpResponse:
        """Close a document's room (POST `document`), in all processes. Written down before it is done."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may_close(request):
            raise PermissionDenied
        document = _document(request.POST.get("document", ""))
        if document is None:
            messages.error(request, "There is no such document.")
        else:
            by = request.user if isinstance(request.user, User) else None
            with transaction.atomic():
                audit.record(Action.CLOSED, by=by, obj=document)
            hubs.ask(lambda hub: _close(hub, document.pk))
            messages.success(
                request, f"“{document.name}” is being closed: everybody in it comes back at once, and nothing is lost."
            )
        return HttpResponseRedirect(reverse("admin:collab_opendocument_changelist"))

    def may_close(self, request: HttpRequest) -> bool:
        """Seeing is one right, closing another."""
        user = request.user
        return self.has_view_permission(request) and user.has_perm("collab.close_opendocument")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False


async def _survey(hub: Hub) -> list[Process]:
    return await hub.survey.ask()


async def _close(hub: Hub, document: UUID) -> None:
    hub.survey.close(document)


def _document(said: str) -> Document | None:
    try:
        return Document.objects.filter(pk=UUID(said)).first()
    except ValueError:
        return None


def _shown(processes: list[Process]) -> list[Shown]:
    ids = {room.document for process in processes for room in process.listed}
    titles = dict(Document.objects.filter(pk__in=ids).values_list("pk", "title"))
    return [
        Shown(
            process,
            since(process.started_at),
            duration(process.unanswered_ms),
            process.unanswered_ms > LATE_MS,
            duration(process.stalled_ms),
            [_line(room, titles.get(room.document, "")) for room in process.listed],
        )
        for process in processes
    ]


def _line(room: OpenRoom, title: str) -> Line:
    saved = since(room.committed_at) if room.committed_at else ""
    return Line(
        room.document, title or "Untitled", room, duration(room.unanswered_ms), room.unanswered_ms > LATE_MS, saved
    )


def since(moment: float) -> str:
    """How long ago that was, for people. Clocks of two machines differ: the future is now."""
    return duration(max(0, round(time.time() - moment)) * 1000) or "0 s"


def duration(ms: int) -> str:
    """For people; empty for none."""
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if ms >= length:
            return f"{ms // length} {unit}"
    return f"{ms} ms" if ms > 0 else ""
