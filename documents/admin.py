"""The operator's page about documents: whose, how large, how old; never what is in them, and nothing to change."""

from django.contrib import admin
from django.http import HttpRequest

from .models import Document


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only: titles, roles and the trash have verbs of their own, with locks and news a form would not know."""

    list_display = ("id", "title", "owner", "created_at", "edited_at", "head_seq", "trashed_at")
    list_select_related = ("owner",)
    search_fields = ("id", "title", "owner__username", "owner__email")
    list_filter = ("trashed_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False
