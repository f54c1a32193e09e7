"""The project's settings in a language nobody speaks: what the server says is accented and in brackets."""

import io
import os
from collections.abc import Iterable
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf.locale import LANG_INFO

from deploy.messages import sentences
from project.settings import *  # noqa: F403
from project.settings import MEDIA_ROOT
from tests.browser.strange import strange

CODE = "en-xa"
DJANGO = Path(django.__file__).parent
DJANGO_S_OWN = [DJANGO / "conf", DJANGO / "contrib" / "auth"]


def write_catalogue(folder: Path) -> Path:
    """A folder of locales with every sentence of ours, and Django's own."""
    catalogue = Catalog("en", charset="utf-8")
    for sentence in sentences():
        add(catalogue, sentence)
    for own in DJANGO_S_OWN:
        file = (own / "locale" / "de" / "LC_MESSAGES" / "django.po").read_bytes()
        for message in read_po(io.BytesIO(file), locale="de"):
            # Formats of dates are sentences too, in Django: they stay as they are.
            if message.id and message.context is None and "_FORMAT" not in str(message.id):
                add(catalogue, message.id)
    (folder / "en_XA" / "LC_MESSAGES").mkdir(parents=True)
    with (folder / "en_XA" / "LC_MESSAGES" / "django.mo").open("wb") as file_of_locale:
        write_mo(file_of_locale, catalogue)
    return folder


def add(catalogue: Catalog, sentence: str | Iterable[str]) -> None:
    forms = sentence if isinstance(sentence, str) else tuple(sentence)
    catalogue.add(forms, strange(forms) if isinstance(forms, str) else tuple(map(strange, forms)))


LANG_INFO[CODE] = {"bidi": False, "code": CODE, "name": "Pseudo", "name_local": "⟦Pseudo⟧"}
LANGUAGE_CODE = CODE
LANGUAGES = [(CODE, "⟦Pseudo⟧")]
# In the folder of the server, which goes with it.
LOCALE_PATHS = [write_catalogue(MEDIA_ROOT.parent / "locale")]
os.environ.setdefault("SECRET_KEY", "only for tests")
