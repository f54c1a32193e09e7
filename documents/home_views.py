"""The home page, and what is done to documents from it: stars, copies, the trash."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from permissions.problems import person_of

from .greeting import COOKIE, greet
from .listing import Shelf, Sort, Wish, list_documents
from .trash import kept_for


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same page in another way."""

    value: str
    label: str
    url: str
    here: bool


@method_decorator([never_cache, ensure_csrf_cookie], name="dispatch")
class HomeView(LoginRequiredMixin, View):
    """The list of one's documents. Views, orders, filters and pages are addresses: `?view=mine&sort=title&q=plan`.

    The page's script reads more lines out of the same page (`after`), and a single one (`document`).
    """

    guest_methods = frozenset({"GET", "HEAD"})

    def get(self, request: HttpRequest) -> HttpResponse:
        person, wish = person_of(request), _read_wish(request)
        if person.is_guest:
            return render(request, "documents/guest_home.html")
        page = list_documents(person, wish)
        context = {
            "documents": page.documents,
            "next": _address(wish, after=page.next) if page.next else "",
            "wish": wish,
            "shelf": wish.shelf.value,
            "shelves": [
                Choice(shelf.value, label, _address(Wish(shelf=shelf)), shelf is wish.shelf)
                for shelf, label in _shelf_labels().items()
            ],
            "sorts": [
                Choice(sort.value, label, _address(Wish(wish.shelf, sort, wish.text)), sort is wish.sort)
                for sort, label in _sort_labels(wish.shelf).items()
            ],
            "greeting": greet(person.display_name.split()[0], request.COOKIES.get(COOKIE)),
            "clock_known": COOKIE in request.COOKIES,
            "trash_days": kept_for().days,
        }
        return render(request, "documents/home.html", context)


def _read_wish(request: HttpRequest) -> Wish:
    """What the address asks for; what it says wrongly is as if it were not said."""
    asked = request.GET
    shelf = asked.get("view", "")
    sort = asked.get("sort", "")
    try:
        only = UUID(asked["document"]) if "document" in asked else None
    except ValueError:
        only = UUID(int=0)  # no document: better nothing than everything
    return Wish(
        shelf=Shelf(shelf) if shelf in Shelf else Shelf.RECENT,
        sort=Sort(sort) if sort in Sort else Sort.EDITED,
        text=asked.get("q", ""),
        only=only,
        after=asked.get("after", ""),
    )


def _address(wish: Wish, *, after: str = "") -> str:
    """The shortest address of it: what is usual is left out."""
    said = {
        "view": "" if wish.shelf is Shelf.RECENT else wish.shelf.value,
        "sort": "" if wish.sort is Sort.EDITED else wish.sort.value,
        "q": wish.text,
        "after": after,
    }
    query = urlencode({name: value for name, value in said.items() if value})
    return reverse("home") + (f"?{query}" if query else "")


def _shelf_labels() -> dict[Shelf, str]:
    return {
        Shelf.RECENT: _("Recent"),
        Shelf.MINE: _("Owned by me"),
        Shelf.SHARED: _("Shared with me"),
        Shelf.STARRED: _("Starred"),
        Shelf.TRASH: _("Trash"),
    }


def _sort_labels(shelf: Shelf) -> dict[Sort, str]:
    return {
        Sort.EDITED: _("Date deleted") if shelf is Shelf.TRASH else _("Last edit"),
        Sort.TITLE: _("Title"),
        Sort.CREATED: _("Date created"),
        Sort.OWNER: _("Owner"),
    }
