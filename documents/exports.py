"""A document as a file: what of it has been committed, in a form that other programs read."""

from collections.abc import Callable
from dataclasses import dataclass

from . import log
from .content import Unreadable, plain_text, tree
from .embedding import Embedded
from .html import page, plain_page
from .markdown import write
from .models import Document
from .schema import Invalid, Tree


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its name, its type for HTTP, and its text in UTF-8."""

    name: str
    content_type: str
    data: bytes


def export(document: Document, form: str, *, language: str) -> Exported:
    """The document as it is in the log now, in one of `FORMS`; what no document can be made of comes as plain text.

    Raises `KeyError` for another form, `NothingToExport` when not even that can be read or it is gone.
    """
    chosen = FORMS[form]
    try:
        loaded = log.load(document.pk)
        if loaded is None:
            raise NothingToExport
        found, text = tree(*loaded.updates), plain_text(*loaded.updates)
    except (Unreadable, log.LogBroken) as error:
        raise NothingToExport from error
    title = str(document)
    try:
        written = chosen.write(found, text, title, language, Embedded(document))
    except Invalid:
        written = chosen.fall_back(text, title, language)
    return Exported(_file_name(title, chosen.suffix), chosen.content_type, written.encode("utf-8", "replace"))


class NothingToExport(Exception):
    """The document cannot be read (`verify_documents` says why), or has just been thrown away."""


@dataclass(frozen=True, slots=True)
class _Form:
    """`write` takes the tree, the plain text, the title, a language and the pictures; `fall_back` the middle
    three.
    """

    suffix: str
    content_type: str
    write: Callable[[Tree, str, str, str, Embedded], str]
    fall_back: Callable[[str, str, str], str]


FORMS = {
    "markdown": _Form(
        "md", "text/markdown; charset=utf-8", lambda found, *_: write(found), lambda text, *_: f"{text}\n"
    ),
    "html": _Form(
        "html",
        "text/html; charset=utf-8",
        lambda found, _, title, language, embedded: page(found, title=title, language=language, picture=embedded),
        lambda text, title, language: plain_page(text, title=title, language=language),
    ),
    "text": _Form("txt", "text/plain; charset=utf-8", lambda _, text, *__: f"{text}\n", lambda text, *_: f"{text}\n"),
}


def _file_name(title: str, suffix: str) -> str:
    """Without what file systems refuse, and not hidden."""
    kept = "".join("-" if each in '/\\:*?"<>|' or not each.isprintable() else each for each in title)
    return f"{kept.strip(' .') or 'document'}.{suffix}"
