"""The door of a document for those who come by its link: a key, a password, a name for somebody without an account."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from permissions import guests, links, sessions, throttle
from permissions.access import access_for
from permissions.entrance import too_many
from permissions.errors import BadGuestName, NoEntrance, WrongPassword
from permissions.models import User

from .models import Document


def at_the_door(request: HttpRequest, document: Document) -> HttpResponse | None:
    """The page of somebody who has to say something before the link lets them in; None: nobody has to, or it does not.

    Where its key is all that the link asks for, the pass is made here.
    """
    person, key = request.user, request.GET.get("key", "")
    if not isinstance(person, User):
        return _page(request, document, key) if links.gate(document, key=key, guest=True) else None
    offered = links.gate(document, key=key, guest=person.is_guest)
    if offered is None or not (document.link_key or document.link_password) or links.has_pass(person, document):
        return None
    if offered.has_password:
        return None if access_for(person, document).can_view else _page(request, document, key)
    try:
        links.enter(person=person, obj=document, key=key)
    except NoEntrance:  # taken away in this moment: what is so now is told by the page
        pass
    return None


@method_decorator([never_cache, sensitive_post_parameters("password", "key")], name="dispatch")
class EntranceView(View):
    """Coming in by the link: with its password, as a guest, or both."""

    guest_methods = frozenset({"POST"})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        key = request.POST.get("key", "")
        document = Document.objects.filter(pk=pk).first()
        inside = redirect(_address(pk, key))
        if document is None:
            return inside  # which says what it says of any document that somebody may not see
        locked_until = throttle.link_locked_until(request, document) if document.link_password else None
        if locked_until is not None:
            return _page(request, document, key, locked_until=locked_until)
        try:
            refused = _come_in(request, document, key)
        except NoEntrance:
            return inside
        except BadGuestName as error:
            return _page(request, document, key, name_problem=str(error))
        except WrongPassword as error:
            throttle.count_link_guess(request, document)
            locked_until = throttle.link_locked_until(request, document)
            return _page(request, document, key, problem=str(error), locked_until=locked_until)
        if refused is None and document.link_password:
            throttle.forgive_link_guesses(request, document)
        return refused or inside


def _come_in(request: HttpRequest, document: Document, key: str) -> HttpResponse | None:
    password = request.POST.get("password", "")
    if isinstance(request.user, User):
        links.enter(person=request.user, obj=document, key=key, password=password)
        return None
    name = guests.read_name(request.POST.get("name", ""))
    links.check(document, key=key, password=password, guest=True)  # wrong passwords do not use up the bound on guests
    if not throttle.GUESTS.take(request):
        return too_many(request)
    sessions.begin(request, guests.welcome(obj=document, name=name, key=key, password=password))
    return None


def _page(
    request: HttpRequest,
    document: Document,
    key: str,
    *,
    problem: str = "",
    name_problem: str = "",
    locked_until: datetime | None = None,
) -> HttpResponse:
    is_stranger = not isinstance(request.user, User)
    is_guest = is_stranger or (isinstance(request.user, User) and request.user.is_guest)
    offered = links.gate(document, key=key, guest=is_guest)
    if offered is None:
        return redirect(_address(document.pk, key))
    context = {
        # Behind a password even the title is: whoever cannot say it learns nothing.
        "title": "" if offered.has_password else document.title,
        "role": offered.role.label,
        "has_password": offered.has_password,
        "is_stranger": is_stranger,
        "document": document.pk,
        "key": key,
        "name": request.POST.get("name", "") if request.method == "POST" else guests.make_up_name(),
        "next": _address(document.pk, key),
        "problem": problem,
        "name_problem": name_problem,
        "locked_until": locked_until,
    }
    status = HTTPStatus.TOO_MANY_REQUESTS if locked_until is not None else HTTPStatus.OK
    return render(request, "documents/entrance.html", context, status=status)


def _address(pk: UUID, key: str) -> str:
    return reverse("document", args=[pk]) + (f"?{urlencode({'key': key})}" if key else "")
