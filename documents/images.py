"""The pictures of a document: added by those who may edit it, kept by Django's file storage, gone when it is gone."""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from PIL import Image

from permissions.models import User
from permissions.roles import Role
from permissions.sharing import acting

from .models import Document, DocumentImage
from .pictures import Limits, NoPicture, Picture, clean

WAIT_S = 30.0
Image.MAX_IMAGE_PIXELS = settings.IMAGES["MAX_PIXELS"]  # the decoders' own guard, behind ours


class TooManyBytes(NoPicture):
    """An upload over the limit. `size` and `limit` are bytes; without a size it was not read to its end."""

    def __init__(self, *, limit: int, size: int | None = None) -> None:
        self.size, self.limit = size, limit
        values = {"limit": filesizeformat(limit), "size": filesizeformat(size or 0)}
        if size is None:
            super().__init__(_("A picture may have at most %(limit)s.") % values)
        else:
            super().__init__(_("A picture may have at most %(limit)s; this one has %(size)s.") % values)


class DocumentFull(NoPicture):
    """The document has as many pictures, or bytes of them, as it may."""

    def __init__(self, *, count: int, limit_bytes: int) -> None:
        self.count, self.limit_bytes = count, limit_bytes
        values = {"count": count, "limit": filesizeformat(limit_bytes)}
        super().__init__(
            _("This document is full: it may have at most %(count)s pictures with %(limit)s together.") % values
        )


class Busy(Exception):
    """Other pictures are being decoded, for longer than somebody waits."""

    def __init__(self) -> None:
        super().__init__(_("The server is busy with other pictures. Try again in a moment."))


def add_image(*, by: User, document: Document, file: BinaryIO, size: int) -> DocumentImage:
    """Clean the picture in `file` (of `size` bytes), keep it, and make it one of the document's.

    Raises `NoPicture` with a sentence, `Busy`, and `NotAllowed` when `by` may not edit (any more).
    """
    limit: int = settings.IMAGES["MAX_BYTES"]
    if size > limit:
        raise TooManyBytes(limit=limit, size=size)
    with _turn():
        picture = clean(file, limits=_limits())
    return _keep(picture, by=by, document=document)


def address_of(image: DocumentImage) -> str:
    """What the text's image nodes have as their `src`."""
    return reverse("image", args=[image.document_id, image.pk])


@dataclass(frozen=True, slots=True)
class Copied:
    """Copies of pictures: their files are stored, their rows are not yet. `addresses`: the new ones by the old ones."""

    images: list[DocumentImage]
    addresses: dict[str, str]

    def keep(self) -> None:
        """Make them pictures of their document, which exists by now."""
        DocumentImage.objects.bulk_create(self.images)

    def drop(self) -> None:
        """Delete the files again."""
        for image in self.images:
            image.file.delete(save=False)


def copy_images(*, source: Document, to: UUID, only: Collection[str] | None = None) -> Copied:
    """A copy of every picture of `source`, or of those at the addresses `only`, for a document that is to have the
    primary key `to`. One whose file the storage has lost is left out.

    For duplicating, by somebody who was found to have access to both, before its transaction: up to a gigabyte is
    copied, and nobody's typing waits for it. The caller must `keep` or `drop` them.
    """
    copied = Copied([], {})
    try:
        for image in source.images.order_by("created_at"):
            if only is None or address_of(image) in only:
                _copy(image, to, copied)
    except BaseException:
        copied.drop()
        raise
    return copied


def _copy(image: DocumentImage, to: UUID, copied: Copied) -> None:
    copy = DocumentImage(
        document_id=to,
        uploaded_by_id=image.uploaded_by_id,
        content_type=image.content_type,
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
    )
    try:
        with image.file.open("rb") as original:
            copy.file.save(image.file.name or "", original, save=False)
    except FileNotFoundError:
        return
    copied.images.append(copy)
    copied.addresses[address_of(image)] = address_of(copy)


def forget_images(document: Document) -> None:
    """Delete the files of its pictures when the transaction commits, in which the caller deletes the document."""
    for image in document.images.all():
        _delete_on_commit(image.file.storage, image.file.name or "")


def _delete_on_commit(storage: Storage, name: str) -> None:
    # Robust: a storage that fails leaves a file behind, never a document half deleted.
    transaction.on_commit(lambda: storage.delete(name), robust=True)


def _keep(picture: Picture, *, by: User, document: Document) -> DocumentImage:
    image = DocumentImage(
        document=document,
        uploaded_by=by,
        content_type=picture.kind.content_type,
        width=picture.width,
        height=picture.height,
        size_bytes=len(picture.data),
    )
    # Before the row's lock is taken: a storage may be slow, and nobody's typing waits for it.
    image.file.save(f"picture{picture.kind.suffix}", ContentFile(picture.data), save=False)
    try:
        with acting(by=by, obj=document, least=Role.EDITOR):
            _check_room(document, picture)
            image.save(force_insert=True)
    except BaseException:
        image.file.delete(save=False)
        raise
    return image


def _check_room(document: Document, picture: Picture) -> None:
    most, most_bytes = settings.IMAGES["MAX_PER_DOCUMENT"], settings.IMAGES["MAX_BYTES_PER_DOCUMENT"]
    found = document.images.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    if found["count"] >= most or (found["size"] or 0) + len(picture.data) > most_bytes:
        raise DocumentFull(count=most, limit_bytes=most_bytes)


def _limits() -> Limits:
    images = settings.IMAGES
    return Limits(pixels=images["MAX_PIXELS"], frames=images["MAX_FRAMES"], all_pixels=images["MAX_ANIMATION_PIXELS"])


_turns = threading.BoundedSemaphore(settings.IMAGES["MAX_AT_ONCE"])


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few places for decoding. Raises `Busy`."""
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy
    try:
        yield
    finally:
        _turns.release()
