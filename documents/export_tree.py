"""Every document as Markdown and HTML, in folders by owner: for a person who wants to take it all along.

A document is `<owner>/<title>.md` and `.html`, its pictures are in `<owner>/<title> pictures/`. Names are what any file
system takes, and no two are the same in any case. `index.json` says which document is where.
"""

import json
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings

from . import log
from .archives import add_file, new_archive
from .content import Unreadable, plain_text, tree
from .embedding import Embedded
from .html import page, plain_page
from .images import address_of
from .markdown import write
from .models import Document
from .pieces import BadPiece
from .schema import Invalid

NAME_BYTES = 120  # of 255 that file systems take, for suffixes and what makes a name its own
CHUNK = 100
# Microsoft, "Naming Files, Paths, and Namespaces": these name devices, whatever follows the dot.
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))})


@dataclass(slots=True)
class Taken:
    """What was exported. `problems`: documents that could not be, or not whole, with the reason."""

    documents: int = 0
    pictures: int = 0
    problems: list[str] = field(default_factory=list)


def export_all(path: Path) -> Taken:
    """Write all documents, but those in the trash, into a new ZIP at `path`; one at a time in memory.

    May be run while people write: each document is as it is when its turn comes. Raises as `new_archive`.
    """
    taken, index = Taken(), list[dict[str, Any]]()
    names = Names()
    with new_archive(path) as archive:
        for document in _documents():
            folder = names.of((), document.owner.username, document.owner_id)
            stem = names.of((folder,), document.title or "Untitled", document.pk)
            try:
                _add(archive, document, f"{folder}/{stem}", taken)
            except (Unreadable, log.LogBroken, BadPiece, _Gone) as error:
                taken.problems.append(f"{document.pk}: {error}")
                continue
            taken.documents += 1
            index.append(_entry(document, f"{folder}/{stem}"))
        archive.writestr("index.json", json.dumps(index, indent=1, ensure_ascii=False))
    return taken


class Names:
    """Names for files and folders that are safe, and each its own in its folder."""

    def __init__(self) -> None:
        self._given: dict[tuple[tuple[str, ...], object], str] = {}
        self._used: set[tuple[tuple[str, ...], str]] = set()

    def of(self, folder: tuple[str, ...], name: str, key: object) -> str:
        """The name of what has this key, always the same one; as near to `name` as may be."""
        if (folder, key) in self._given:
            return self._given[folder, key]
        safe = safe_name(name)
        if (folder, safe.casefold()) in self._used:
            safe = f"{safe} ({key})"
        self._given[folder, key] = safe
        self._used.add((folder, safe.casefold()))
        return safe


def safe_name(name: str) -> str:
    """Without what some file system refuses, leads elsewhere, or hides: never empty, never `..`, bounded in bytes."""
    name = unicodedata.normalize("NFC", name)
    kept = "".join("-" if each in '/\\:*?"<>|' or not each.isprintable() else each for each in name)
    kept = kept.encode("utf-8", "replace")[:NAME_BYTES].decode("utf-8", "ignore").strip(" .")
    if kept.partition(".")[0].strip().casefold() in DEVICES:
        kept = f"_{kept}"
    return kept or "Untitled"


class _Gone(Exception):
    """It was deleted before its turn came."""


def _documents() -> Iterator[Document]:
    found = Document.objects.filter(trashed_at=None).select_related("owner").order_by("pk")
    last: UUID | None = None
    while some := list((found if last is None else found.filter(pk__gt=last))[:CHUNK]):
        yield from some
        last = some[-1].pk


def _add(archive: zipfile.ZipFile, document: Document, stem: str, taken: Taken) -> None:
    loaded = log.load(document.pk)
    if loaded is None:
        raise _Gone("it was deleted meanwhile")
    title = str(document)
    found, text = tree(*loaded.updates), plain_text(*loaded.updates)
    places = _add_pictures(archive, document, stem, taken)
    embedded = Embedded(document)

    def picture(src: str) -> str:
        return shown if (shown := embedded(src)) != src else places.get(src, src)

    try:
        made = write(found), page(found, title=title, language=settings.LANGUAGE_CODE, picture=picture)
    except Invalid as error:
        taken.problems.append(f"{document.pk}: as plain text, for {error}")
        made = f"{text}\n", plain_page(text, title=title, language=settings.LANGUAGE_CODE)
    markdown, html = made
    for address, place in places.items():
        markdown = markdown.replace(f"]({address})", f"]({place})")
    archive.writestr(f"{stem}.md", markdown.encode("utf-8", "replace"))
    archive.writestr(f"{stem}.html", html.encode("utf-8", "replace"))


def _add_pictures(archive: zipfile.ZipFile, document: Document, stem: str, taken: Taken) -> dict[str, str]:
    """Addresses as the text has them, and where the pictures are now, as the document's file sees it."""
    places: dict[str, str] = {}
    for image in document.images.order_by("created_at", "pk"):
        name = image.file.name or ""
        under = f"{stem} pictures/{image.pk}{Path(name).suffix}"
        if add_file(archive, image.file.storage, name, under=under):
            taken.pictures += 1
            places[address_of(image)] = quote(under.partition("/")[2])
        else:
            taken.problems.append(f"{document.pk}: the picture {image.pk} is lost")
    return places


def _entry(document: Document, stem: str) -> dict[str, Any]:
    return {
        "id": str(document.pk),
        "title": document.title,
        "owner": document.owner.username,
        "created_at": document.created_at.isoformat(),
        "edited_at": document.edited_at.isoformat(),
        "markdown": f"{stem}.md",
        "html": f"{stem}.html",
    }
