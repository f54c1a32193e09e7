"""Signing up, in and out; and sharing over JSON, for whatever queryset of guarded objects is put in."""

import re
from http import HTTPStatus
from typing import Any, cast

from django.contrib.auth import login, logout
from django.contrib.auth.models import Group
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from .access import Access, access_for
from .forms import SignInForm, SignUpForm
from .models import Guarded, User
from .problems import JsonView, Problem, person_of, read_json
from .roles import Role
from .sharing import Member, grant, members_of, revise, revoke, set_link

BACKEND = "permissions.backends.SignInBackend"


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignUpView(View):
    """A new account, signed in at once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect(_next(request))
        return self._page(request, SignUpForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignUpForm(request.POST)
        person = form.save() if form.is_valid() else None
        if person is None:
            return self._page(request, form)
        login(request, person, backend=BACKEND)
        return redirect(_next(request))

    def _page(self, request: HttpRequest, form: SignUpForm) -> HttpResponse:
        return render(request, "permissions/sign_up.html", {"form": form, "next": _asked_next(request)})


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignInView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect(_next(request))
        return self._page(request, SignInForm(request=request))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(request.POST, request=request)
        if not form.is_valid() or form.person is None:
            return self._page(request, form)
        login(request, form.person, backend=BACKEND)
        return redirect(_next(request))

    def _page(self, request: HttpRequest, form: SignInForm) -> HttpResponse:
        return render(request, "permissions/sign_in.html", {"form": form, "next": _asked_next(request)})


class SignOutView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        response = redirect("sign-in")
        # Edits and documents kept on this device belong to the person who leaves it.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class SharingView(JsonView):
    """Something about who has access to an object of `queryset`, which the route puts in."""

    queryset: models.QuerySet[Any] | None = None

    def find(self, request: HttpRequest, pk: Any) -> tuple[User, Guarded, Access]:
        """The asker, the object, and what the asker may do with it. Raises `Http404` for one who may not see it."""
        assert self.queryset is not None
        person = person_of(request)
        obj = cast(Guarded, get_object_or_404(self.queryset.all(), pk=pk))
        access = access_for(person, obj)
        if not access.can_view:
            raise Http404
        return person, obj, access


class SharesView(SharingView):
    """Who has access: a list; and adding somebody."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        person, obj, access = self.find(request, pk)
        shares = [_share(member, person, access) for member in members_of(obj)]
        return JsonResponse({"shares": shares, "link": {"role": _link_label(obj)}, "manage": access.can_share})

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        person, obj, access = self.find(request, pk)
        body = read_json(request, fields={"person", "role"})
        role = _read_role(body["role"])
        to = _read_holder(body["person"], asked_by=person)
        is_new = grant(by=person, obj=obj, to=to, role=role)
        share = _share(_member(obj, to), person, access)
        return JsonResponse(share, status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)


class ShareView(SharingView):
    """One person's or group's access: changing its role, taking it away."""

    def patch(self, request: HttpRequest, pk: Any, share: str) -> HttpResponse:
        person, obj, access = self.find(request, pk)
        to = _find_holder(share)
        role = _read_role(read_json(request, fields={"role"})["role"])
        revise(by=person, obj=obj, to=to, role=role)
        return JsonResponse(_share(_member(obj, to), person, access))

    def delete(self, request: HttpRequest, pk: Any, share: str) -> HttpResponse:
        person, obj, _ = self.find(request, pk)
        revoke(by=person, obj=obj, to=_find_holder(share))
        return HttpResponse(status=HTTPStatus.NO_CONTENT)


class LinkView(SharingView):
    """What anybody with the address may do."""

    def put(self, request: HttpRequest, pk: Any) -> HttpResponse:
        person, obj, _ = self.find(request, pk)
        label = read_json(request, fields={"role"})["role"]
        role = None if label is None else _read_role(label, most=Role.EDITOR)
        set_link(by=person, obj=obj, role=role)
        return JsonResponse({"role": _link_label(obj)})


def _share(member: Member, person: User, access: Access) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "kind": member.kind,
        "name": member.name,
        "email": member.email if access.can_share else "",  # an address is for those who manage, not for all readers
        "color": member.color,
        "role": member.role.label,
        "you": member.kind == "user" and member.id == person.pk,
    }


def _member(obj: Guarded, to: User | Group) -> Member:
    kind = "group" if isinstance(to, Group) else "user"
    for member in members_of(obj):
        if (member.kind, member.id) == (kind, to.pk):
            return member
    raise Http404  # removed again between the act and the answer


def _link_label(obj: Guarded) -> str | None:
    return None if obj.link_role is None else Role(obj.link_role).label


def _read_role(label: object, *, most: Role = Role.OWNER) -> Role:
    allowed = [role for role in Role if role <= most]
    for role in allowed:
        if role.label == label:
            return role
    shown = f'"{label[:40]}"' if isinstance(label, str) else "like that"
    names = ", ".join(role.label for role in allowed)
    raise Problem(HTTPStatus.BAD_REQUEST, f"There is no role {shown}: expected one of {names}.", field="role")


def _read_holder(name: object, *, asked_by: User) -> User | Group:
    """The active person of this user name or address, or a group of this name that the asker belongs to."""
    if not isinstance(name, str) or not name.strip():
        raise Problem(HTTPStatus.BAD_REQUEST, "Say whom: a user name or an e-mail address.", field="person")
    name = name.strip()
    person = User.objects.named(name)
    if person is not None and person.is_active:
        return person
    # Only one's own groups: this must not become a directory of all.
    group = asked_by.groups.filter(name__iexact=name).first()
    if group is not None:
        return group
    raise Problem(HTTPStatus.BAD_REQUEST, f'Nobody here is called "{name[:80]}".', field="person")


def _find_holder(share: str) -> User | Group:
    match = re.fullmatch(r"(user|group)-([0-9]{1,18})", share)
    if match is None:
        raise Http404
    if match[1] == "group":
        return get_object_or_404(Group, pk=int(match[2]))
    return get_object_or_404(User, pk=int(match[2]))


def _asked_next(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next") or ""


def _next(request: HttpRequest) -> str:
    """Where to go after signing in: what was asked for, if it is on this site."""
    asked = _asked_next(request)
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("home")
