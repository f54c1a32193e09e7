"""Pictures over HTTP: who may add them, who sees them, what is refused, and what becomes of the files."""

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as site
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import AsyncClient, Client
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from documents import images, pictures
from documents.images import copy_images, forget_images
from documents.models import Document, DocumentImage
from permissions.errors import NotAllowed
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, revoke
from tests.conftest import Person
from tests.databases import either_database
from tests.documents.test_compaction import write

from . import drawings

BROWSER = "permissions.backends.SignInBackend"
type BrowserOf = Callable[[User | None], Client]


def upload(
    browser: Client, document: Document, data: bytes, *, name: str = "a.png", content_type: str = "image/png"
) -> Any:
    file = SimpleUploadedFile(name, data, content_type)
    return browser.post(f"/documents/{document.pk}/images/", {"file": file})


def stored() -> set[str]:
    """Every file in the storage."""
    found: set[str] = set()
    waiting = [""]
    while waiting:
        place = waiting.pop()
        folders, files = default_storage.listdir(place)
        waiting += [f"{place}/{folder}".strip("/") for folder in folders]
        found |= {f"{place}/{file}" for file in files}
    return found


@pytest.fixture(autouse=True)
def empty_storage(tmp_path: Any, settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }


@async_to_sync
async def shown(user: User, src: str, **headers: str) -> tuple[Any, bytes]:
    """The response and the whole of its body, as an ASGI server takes it: warnings of Django's are errors here."""
    browser = AsyncClient()
    await browser.aforce_login(user, BROWSER)
    response: Any = await browser.get(src, headers=headers)
    if not response.streaming:
        return response, response.content
    return response, b"".join([chunk async for chunk in response])


@either_database
def test_an_editor_adds_a_picture_that_readers_see(database: str, person: Person, browser_of: BrowserOf) -> None:
    ada, bob = person("ada"), person("bob")
    document = Document.objects.create_for(owner=ada)
    grant(by=ada, obj=document, to=bob, role=Role.VIEWER)
    answer = upload(browser_of(ada), document, drawings.photograph("JPEG", orientation=6), name="../../x.png")
    assert answer.status_code == 201
    body = answer.json()
    assert body == {"src": answer["Location"], "width": 30, "height": 40}
    assert body["src"].startswith(f"/documents/{document.pk}/images/")

    response, data = shown(bob, body["src"])
    assert response.status_code == 200
    assert data.startswith(b"\xff\xd8\xff")
    assert int(response["Content-Length"]) == len(data)
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith('inline; filename="picture-')
    assert response["Cache-Control"] == "private, max-age=300, immutable"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Cookie" in response["Vary"]

    again, nothing = shown(bob, body["src"], if_none_match=response["ETag"])
    assert (again.status_code, nothing) == (304, b"")
    image = document.images.get()
    assert image.file.name == f"images/{document.pk}/{image.pk}.jpg"  # nothing of the name that was sent
    assert image.size_bytes == len(data)


@pytest.fixture
def picture(minutes: Document, ada: User, browser_of: BrowserOf) -> str:
    """The address of a picture in ada's minutes."""
    src: str = upload(browser_of(ada), minutes, drawings.still()).json()["src"]
    return src


def test_who_lost_access_does_not_see_it_even_by_asking_whether_it_changed(
    minutes: Document, ada: User, bob: User, picture: str
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    response, _ = shown(bob, picture)
    assert response.status_code == 200
    revoke(by=ada, obj=minutes, to=bob)
    assert shown(bob, picture, if_none_match=response["ETag"])[0].status_code == 404


def test_a_picture_is_seen_only_through_its_own_document(
    minutes: Document, ada: User, bob: User, picture: str, browser_of: BrowserOf
) -> None:
    own = Document.objects.create_for(owner=bob)
    image = picture.rstrip("/").rpartition("/")[2]
    assert browser_of(bob).get(f"/documents/{own.pk}/images/{image}/").status_code == 404
    assert browser_of(bob).get(picture).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER])
def test_who_may_not_edit_adds_no_picture(
    role: Role, minutes: Document, ada: User, bob: User, browser_of: BrowserOf
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=role)
    answer = upload(browser_of(bob), minutes, drawings.still())
    assert (answer.status_code, answer.json()["detail"]) == (403, f"This needs the role editor; yours is {role.label}.")
    assert stored() == set()


def test_a_right_lost_while_the_picture_was_cleaned_leaves_nothing(
    minutes: Document, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch, browser_of: BrowserOf
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    honest = pictures.clean

    def slow(*arguments: Any, **options: Any) -> Any:
        revoke(by=ada, obj=minutes, to=bob)
        return honest(*arguments, **options)

    monkeypatch.setattr(images, "clean", slow)
    assert upload(browser_of(bob), minutes, drawings.still()).status_code == 404
    assert (stored(), DocumentImage.objects.count()) == (set(), 0)


@pytest.mark.parametrize(
    ("data", "name", "content_type", "status", "sentence"),
    [
        (drawings.SVG, "logo.svg", "image/svg+xml", 415, "not a PNG, JPEG"),
        (drawings.SVG, "logo.png", "image/png", 415, "not a PNG, JPEG"),
        (drawings.HTML, "page.jpg", "image/jpeg", 415, "not a PNG, JPEG"),
        (b"", "empty.png", "image/png", 415, "not a PNG, JPEG"),
        (drawings.still()[:30] + drawings.HTML, "half.png", "image/png", 422, "damaged or incomplete"),
        (drawings.bomb(), "bomb.png", "image/png", 422, "too many pixels: at most 50 million"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(
    data: bytes, name: str, content_type: str, status: int, sentence: str, minutes: Document, ada: User,
    browser_of: BrowserOf,
) -> None:  # fmt: skip
    answer = upload(browser_of(ada), minutes, data, name=name, content_type=content_type)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert sentence in answer.json()["detail"]
    assert (stored(), DocumentImage.objects.count()) == (set(), 0)


def test_the_type_is_what_the_content_is(minutes: Document, ada: User, browser_of: BrowserOf) -> None:
    answer = upload(browser_of(ada), minutes, drawings.still("GIF"), content_type="text/html")
    assert shown(ada, answer.json()["src"])[0]["Content-Type"] == "image/gif"


def test_a_form_without_a_file_is_told_so(minutes: Document, ada: User, browser_of: BrowserOf) -> None:
    path = f"/documents/{minutes.pk}/images/"
    for body in ({"file": "text"}, {"other": SimpleUploadedFile("a.png", drawings.still())}, {}):
        answer = browser_of(ada).post(path, body)
        assert (answer.status_code, answer.json()["field"]) == (400, "file")
    assert browser_of(ada).post(path, b"{}", content_type="application/json").status_code == 400


def test_a_picture_over_the_limit_is_told_both_sizes(
    minutes: Document, ada: User, browser_of: BrowserOf, settings: Any
) -> None:
    settings.IMAGES = settings.IMAGES | {"MAX_BYTES": 100 * 1024}
    answer = upload(browser_of(ada), minutes, b"\x89PNG" + b"\0" * 200 * 1024)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "A picture may have at most 100.0\xa0KB; this one has 200.0\xa0KB."


def test_a_document_has_room_for_so_many_pictures(
    minutes: Document, ada: User, browser_of: BrowserOf, settings: Any
) -> None:
    settings.IMAGES = settings.IMAGES | {"MAX_PER_DOCUMENT": 1}
    assert upload(browser_of(ada), minutes, drawings.still()).status_code == 201
    answer = upload(browser_of(ada), minutes, drawings.still())
    assert (answer.status_code, len(stored())) == (409, 1)
    assert "This document is full" in answer.json()["detail"]
    settings.IMAGES = settings.IMAGES | {"MAX_PER_DOCUMENT": 9, "MAX_BYTES_PER_DOCUMENT": len(drawings.still())}
    assert upload(browser_of(ada), minutes, drawings.still()).status_code == 409


def test_when_all_places_are_taken_one_is_asked_to_come_again(
    minutes: Document, ada: User, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "WAIT_S", 0)
    taken = [images._turns.acquire() for _ in range(site.IMAGES["MAX_AT_ONCE"])]
    try:
        answer = upload(browser_of(ada), minutes, drawings.still())
    finally:
        images._turns.release(len(taken))
    assert (answer.status_code, stored()) == (503, set())


def test_a_file_the_storage_lost_is_not_found(
    minutes: Document, ada: User, picture: str, browser_of: BrowserOf
) -> None:
    for name in stored():
        default_storage.delete(name)
    answer = browser_of(ada).get(picture)
    assert (answer.status_code, answer.json()["detail"]) == (404, "The file of this picture is missing on the server.")


def test_a_copy_has_its_own_files(minutes: Document, ada: User, picture: str, browser_of: BrowserOf) -> None:
    other = Document.objects.create_for(owner=ada)
    copied = copy_images(source=minutes, to=other.pk)
    copied.keep()
    assert list(copied.addresses) == [picture]
    new = copied.addresses[picture]
    assert new.startswith(f"/documents/{other.pk}/images/")
    before, after = (document.images.get() for document in (minutes, other))
    assert before.file.name != after.file.name
    with before.file.open() as one, after.file.open() as two:
        assert one.read() == two.read()
    assert (after.width, after.height, after.size_bytes, after.content_type, after.uploaded_by) == (
        before.width, before.height, before.size_bytes, before.content_type, ada,
    )  # fmt: skip


def test_copies_of_pictures_that_are_dropped_leave_no_file(minutes: Document, ada: User, picture: str) -> None:
    before = stored()
    copy_images(source=minutes, to=uuid4()).drop()
    assert stored() == before


def with_picture(document: Document, src: str, **attributes: Any) -> None:
    doc: Doc[Any] = Doc()
    blocks = doc.get("default", type=XmlFragment).children
    blocks.append(XmlElement("image", {"src": src, **attributes}))
    write(document, doc.get_update())


def test_a_document_is_copied_without_the_pictures_that_the_storage_lost(
    minutes: Document, ada: User, picture: str, browser_of: BrowserOf
) -> None:
    with_picture(minutes, picture)
    for name in stored():
        default_storage.delete(name)
    answer = browser_of(ada).post(f"/api/documents/{minutes.pk}/copies/")
    assert answer.status_code == 201
    assert not DocumentImage.objects.filter(document=answer.json()["id"]).exists()


def test_files_are_copied_before_the_database_is_locked(
    minutes: Document, ada: User, picture: str, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gigabyte takes a while, in which SQLite would let nobody else write."""
    with_picture(minutes, picture)
    depth = len(connection.savepoint_ids)
    depths = []
    save = FileSystemStorage._save  # type: ignore[attr-defined]

    def noted(self: Any, name: str, content: Any) -> str:
        depths.append(len(connection.savepoint_ids))
        return str(save(self, name, content))

    monkeypatch.setattr(FileSystemStorage, "_save", noted)
    answer = browser_of(ada).post(f"/api/documents/{minutes.pk}/copies/")
    assert answer.status_code == 201
    assert depths == [depth]


def test_what_cannot_be_copied_leaves_no_file(
    minutes: Document, ada: User, picture: str, browser_of: BrowserOf
) -> None:
    with_picture(minutes, picture)
    doc: Doc[Any] = Doc()
    text = XmlText("x")
    doc.get("default", type=XmlFragment).children.append(XmlElement("codeBlock", {}, [text]))
    text.format(0, 1, {"bold": {}})  # mended it is, but no document of the schema
    write(minutes, doc.get_update())
    before = stored()
    assert browser_of(ada).post(f"/api/documents/{minutes.pk}/copies/").status_code == 409
    assert stored() == before


@pytest.mark.django_db(transaction=True)
def test_files_go_with_their_document_but_not_before_it(
    minutes: Document, ada: User, picture: str, browser_of: BrowserOf
) -> None:
    class Undone(Exception):
        pass

    def delete(*, undone: bool) -> None:
        with transaction.atomic():
            forget_images(minutes)
            Document.objects.all().delete()
            assert len(stored()) == 1
            if undone:
                raise Undone

    with pytest.raises(Undone):
        delete(undone=True)
    assert len(stored()) == 1
    delete(undone=False)
    assert stored() == set()


def test_no_address_leads_to_the_folder(minutes: Document, ada: User, picture: str, browser_of: BrowserOf) -> None:
    (name,) = stored()
    for path in (f"/{name}", f"/media/{name}", f"/static/{name}", f"/documents/{minutes.pk}/images/{uuid4()}/"):
        assert browser_of(ada).get(path).status_code == 404


def test_trashed_documents_show_no_pictures(minutes: Document, ada: User, picture: str, browser_of: BrowserOf) -> None:
    browser_of(ada).delete(f"/api/documents/{minutes.pk}/")
    assert browser_of(ada).get(picture).status_code == 404
    assert upload(browser_of(ada), minutes, drawings.still()).status_code == 404


def test_adding_asks_for_the_right_again_under_the_lock(minutes: Document, bob: User) -> None:
    with pytest.raises(NotAllowed):
        images.add_image(by=bob, document=minutes, file=io.BytesIO(drawings.still()), size=100)
    assert stored() == set()
