"""A document, its append-only update log, and its compacted state."""

import uuid
from typing import ClassVar, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from permissions.access import listed_for, visible_to
from permissions.models import Guarded, User
from permissions.roles import Role
from permissions.sharing import write_role


class DocumentQuerySet(models.QuerySet["Document"]):
    def create_for(self, *, owner: User, title: str = "") -> "Document":
        """A new document that belongs to `owner`, who has the owner's role in it: both or neither."""
        with transaction.atomic(using=self.db):
            document = self.create(owner=owner, title=title)
            write_role(obj=document, to=owner, role=Role.OWNER)
        return document

    def visible_to(self, user: User | AnonymousUser) -> "DocumentQuerySet":
        """Those `user` may open, by name, group or link."""
        return cast(DocumentQuerySet, visible_to(user, self))

    def listed_for(self, user: User | AnonymousUser) -> "DocumentQuerySet":
        """Those shared with `user` by name or group."""
        return cast(DocumentQuerySet, listed_for(user, self))


class Document(Guarded):
    """One rich text that people write together. Its content is in the log; nothing here is derived from it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="documents")
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(auto_now_add=True)
    head_seq = models.PositiveBigIntegerField(default=0)  # the newest row of the log; moves under this row's lock only

    objects = DocumentQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "change", "delete", "view")
        permissions = (("comment_document", "Can comment on document"), ("share_document", "Can share document"))
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-edited_at"], name="document_edited_at")]

    def __str__(self) -> str:
        return self.title or "Untitled"


class DocumentUserPermission(UserObjectPermissionBase):
    """A codename of a person's role. Three rows make an editor; `permissions.sharing` writes them together."""

    content_object = models.ForeignKey(Document, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        indexes: ClassVar[list[models.Index]] = [
            # What `permissions.access` asks for; guardian's own unique index begins with the user.
            models.Index(fields=["content_object", "user", "permission"], name="document_user_access"),
        ]


class DocumentGroupPermission(GroupObjectPermissionBase):
    """A codename of a group's role."""

    content_object = models.ForeignKey(Document, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["content_object", "group", "permission"], name="document_group_access"),
        ]


class DocumentUpdate(models.Model):
    """A row of the log: one author's net new change, as a Yjs update (v1 encoding) that integrates by itself.

    Rows are appended under the document's row lock, numbered 1, 2, 3 without gaps, and never changed: they are the
    truth, and they are the history.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="updates")
    seq = models.PositiveBigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    payload = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("document", "seq", name="document_update_seq_unique"),
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="document_update_seq_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} #{self.seq}"


class DocumentState(models.Model):
    """The whole document up to log row `seq`, encoded as one Yjs update (v1). Derived from the log and never newer."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="states")
    seq = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    payload = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("document", "seq", name="document_state_seq_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} up to #{self.seq}"


class DocumentClient(models.Model):
    """A Yjs client id that has written to the document, and whose it is: nobody else may write under it."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="clients")
    client_id = models.PositiveBigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("document", "client_id", name="document_client_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} in {self.document_id}"


class QuarantinedUpdate(models.Model):
    """Bytes that broke the document when they were applied, kept for the operator. Never part of the document."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="quarantined")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    error = models.CharField(max_length=200)
    payload = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.document_id}: {self.error}"
