"""A saved page holds its own pictures, and no other document's."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from documents import embedding, log
from documents.images import add_image, address_of
from documents.log import Append, Row
from documents.models import Document, DocumentImage
from documents.writing import encode
from permissions.models import User

from . import drawings

Browser = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def empty_storage(tmp_path: Any, settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }


def picture(document: Document, by: User) -> DocumentImage:
    data = drawings.still()
    return add_image(by=by, document=document, file=BytesIO(data), size=len(data))


def bytes_of(image: DocumentImage) -> bytes:
    with image.file.open("rb") as file:
        return bytes(file.read())


def exported(browser: Client, document: Document, author: User, *addresses: str) -> list[str]:
    """The addresses of these pictures in the page that is saved."""
    content = [{"type": "image", "attrs": {"src": src, "alt": ""}} for src in addresses]
    row = Row(author.pk, encode({"type": "doc", "content": content}))
    log.append([Append(document.pk, 0, (row,))], clients_of=lambda _: ())
    page = browser.get(f"/documents/{document.pk}/export/", {"format": "html"})
    assert "img-src 'self' data:" in page["Content-Security-Policy"]
    return re.findall(r'<img src="([^"]+)"', page.content.decode())


def test_a_saved_page_holds_its_own_pictures(minutes: Document, ada: User, browser_of: Browser) -> None:
    image = picture(minutes, ada)
    [src] = exported(browser_of(ada), minutes, ada, address_of(image))
    start, _, data = src.partition(",")
    assert start == "data:image/png;base64"
    assert b64decode(data) == bytes_of(image)


def test_another_document_s_picture_and_one_that_is_lost_stay_addresses(
    minutes: Document, ada: User, bob: User, browser_of: Browser
) -> None:
    theirs = picture(Document.objects.create_for(owner=bob, title="Secret"), bob)
    lost = picture(minutes, ada)
    lost.file.storage.delete(lost.file.name or "")
    addresses = [address_of(theirs), address_of(lost)]
    assert exported(browser_of(ada), minutes, ada, *addresses) == addresses


def test_a_picture_that_stands_there_often_is_counted_often(
    minutes: Document, ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(minutes, ada)
    monkeypatch.setattr(embedding, "MAX_EMBEDDED_BYTES", 2 * image.size_bytes)
    held = f"data:image/png;base64,{b64encode(bytes_of(image)).decode()}"
    found = exported(browser_of(ada), minutes, ada, *[address_of(image)] * 3)
    assert found == [held, held, address_of(image)]
