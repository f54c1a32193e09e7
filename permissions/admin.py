"""The operator's pages about people and groups. Changing them may change who can open what, so it is announced."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from . import sessions
from .models import AuditEntry, Letter, User
from .signals import announce


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # generic in stubs only
    """People. Deactivating somebody ends all their access at once; deleting is for those who own nothing."""

    list_display = ("username", "name", "email", "is_active", "is_staff", "last_login")
    search_fields = ("username", "name", "email")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("name", "email", "color")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """A password that an operator sets ends the person's sessions, as one they set themselves does."""
        user = self.get_object(request, id)
        before = user.password if user is not None else ""
        response = super().user_change_password(request, id, form_url)
        if user is not None and User.objects.filter(pk=user.pk).exclude(password=before).exists():
            sessions.end(user.sign_ins.exclude(session_id=request.session.session_key or ""), of=user)
        return response

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Last step of saving: the person and their groups are written."""
        super().save_related(request, form, formsets, change)
        announce(User, form.instance.pk)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Groups. Who is in one is changed on the person's page."""

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        self.delete_queryset(request, Group.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        with transaction.atomic():
            members = list(User.objects.filter(groups__in=queryset).values_list("pk", flat=True).distinct())
            super().delete_queryset(request, queryset)
            for member in members:
                announce(User, member)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs only
    """What an operator looks at and nobody changes."""

    ordering = ("-pk",)
    show_full_result_count = False  # it would count the whole table for each page

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly):
    """Who changed whose access."""

    list_display = (
        "at", "actor_name", "action", "subject_kind", "subject_name", "object_name", "before", "after", "address",
    )  # fmt: skip
    list_filter = ("action", "at", "subject_kind")
    search_fields = ("=actor_id", "actor_name", "subject_name", "=object_id", "object_name", "=address")
    search_help_text = "A person's name or number, an address, a document's title or id."


@admin.register(Letter)
class LetterAdmin(ReadOnly):
    """Mail on its way. Never its text: it may hold a link that opens a document."""

    list_display = ("made_at", "to", "subject", "tries", "due_at", "sent_at")
    list_filter = ("made_at", ("sent_at", admin.EmptyFieldListFilter), ("due_at", admin.EmptyFieldListFilter))
    search_fields = ("to", "subject")
    fields = ("to", "subject", "made_at", "tries", "due_at", "sent_at")
