"""A document, its append-only update log, and its compacted state."""

import uuid
from pathlib import PurePosixPath
from typing import ClassVar, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.urls import reverse
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from permissions.access import listed_for, visible_to
from permissions.models import AccessRequest, Guarded, Invitation, LinkPass, OwnershipOffer, User
from permissions.roles import Role
from permissions.sharing import write_role


class DocumentQuerySet(models.QuerySet["Document"]):
    def create_for(self, *, owner: User, title: str = "", pk: uuid.UUID | None = None) -> "Document":
        """A new document that belongs to `owner`, who has the owner's role in it: both or neither."""
        with transaction.atomic(using=self.db):
            document = self.create(owner=owner, title=title, pk=pk or uuid.uuid4())
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
    # Since when its log is that of a backup. Pages may hold newer edits, of anybody, and bring them back (`log`).
    restored_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "change", "delete", "view")
        permissions = (("comment_document", "Can comment on document"), ("share_document", "Can share document"))
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-edited_at"], name="document_edited_at")]

    def __str__(self) -> str:
        return self.title or "Untitled"

    @property
    def name(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("document", args=[self.pk])

    def has_known(self, person: User) -> bool:
        return DocumentClient.objects.filter(document=self, user=person).exists()

    def hand_to(self, person: User) -> None:
        Document.objects.filter(pk=self.pk).update(owner=person)
        self.owner = person


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


class DocumentLinkPass(LinkPass):
    content_object = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="link_passes")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("content_object", "user", name="document_link_pass_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.content_object_id}"


class DocumentInvitation(Invitation):
    content_object = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="invitations")

    def __str__(self) -> str:
        return f"{self.email or 'anybody'} to {self.content_object_id}"


class DocumentRequest(AccessRequest):
    content_object = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="access_requests")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["content_object", "user"],
                name="document_request_open_once",
                condition=models.Q(answered_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.content_object_id}"


class DocumentOffer(OwnershipOffer):
    content_object = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="ownership_offer")

    def __str__(self) -> str:
        return f"{self.content_object_id} to {self.to_id}"


class DocumentUpdate(models.Model):
    """A row of the log: one author's net new change, as a Yjs update (v1 encoding) that integrates by itself.

    Rows are appended under the document's row lock, numbered 1, 2, 3 without gaps, and never changed: they are the
    truth, and they are the history. Old ones move into a `DocumentPiece`, as they are; the newest never does.
    """

    # Its index is that of the constraint below: one more would be written with every row.
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="updates", db_index=False)
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


class DocumentPiece(models.Model):
    """Rows first_seq .. last_seq of the log, packed (`pieces`): each with its author, its time and its bytes.

    Pieces follow each other from row 1 on without gaps, and the rows of the log follow them: a row is in one of both.
    """

    # Its index is that of the constraint below.
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    first_seq = models.PositiveBigIntegerField()
    last_seq = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    size_bytes = models.PositiveBigIntegerField()  # of the updates in it, before they were packed
    payload = models.BinaryField()
    # Whether its authors are in `DocumentAuthor`: the release before packs without noting them.
    authors_noted = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("document", "first_seq", name="document_piece_first_unique"),
            models.CheckConstraint(
                condition=models.Q(first_seq__gte=1, last_seq__gte=models.F("first_seq")),
                name="document_piece_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} #{self.first_seq} to #{self.last_seq}"


class DocumentAuthor(models.Model):
    """Who wrote rows that are packed. A piece names them by number alone, which would not keep them from being deleted.

    A client id would not do: who only deletes writes under none.
    """

    # Without constraints: the release before deletes documents and people, and does not know of these rows. (DB_CASCADE
    # cannot point at a model that points on with another rule.) One that points at nothing does no harm.
    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("document", "user", name="document_author_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.document_id}"


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


class DocumentStar(models.Model):
    """A person's bookmark of a document they may open."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="stars")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stars")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("person", "document", name="document_star_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} for {self.person_id}"


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


def place_of_image(image: "DocumentImage", name: str) -> str:
    """Where the storage keeps it. Only the suffix is taken from `name`, which is ours too."""
    return f"images/{image.document_id}/{image.pk}{PurePosixPath(name).suffix}"


class DocumentImage(models.Model):
    """A picture in a document, cleaned (`documents.pictures`). The text refers to it by the address of its view."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="images")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    file = models.FileField(upload_to=place_of_image, max_length=200)
    content_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.pk} in {self.document_id}"


class RecurringJob(models.Model):
    """Background work that comes again and again, and when it does next (`schedule`)."""

    name = models.CharField(max_length=60, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
