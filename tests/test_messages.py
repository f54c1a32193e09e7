"""Every language says everything that the server says."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation

from deploy.messages import LOCALE, compiled, in_code, in_template, sentences

LANGUAGES = sorted(path for path in LOCALE.iterdir() if path.is_dir())


def messages_of(language: Path) -> list[Message]:
    file = language / "LC_MESSAGES" / "django.po"
    return [message for message in read_po(io.BytesIO(file.read_bytes()), locale=language.name) if message.id]


def forms_of(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_there_are_files_for_every_language_but_the_first() -> None:
    spoken = {code for code, _ in settings.LANGUAGES}
    assert {translation.to_language(path.name) for path in LANGUAGES} == spoken - {settings.LANGUAGE_CODE}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.name)
def test_every_sentence_is_translated_and_none_is_left_over(language: Path) -> None:
    known = {tuple(m.id) if isinstance(m.id, list) else m.id: m for m in messages_of(language)}
    said = set(sentences())
    assert said - known.keys() == set(), "run `make messages` and translate"
    assert known.keys() - said == set(), "run `make messages`: nothing says this any more"
    for sentence, message in known.items():
        assert all(forms_of(message)), f"{sentence!r} is not translated"
        assert not message.fuzzy, f"{sentence!r} is only a guess"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.name)
def test_a_translation_has_the_places_of_its_sentence(language: Path) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)\w|<[^>]+>", text))

    for message in messages_of(language):
        wanted = places(message.id if isinstance(message.id, str) else message.id[-1])
        for form in filter(None, forms_of(message)):
            assert places(form) == wanted, form


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.name)
def test_what_is_read_at_run_time_is_what_was_translated(language: Path) -> None:
    path = language / "LC_MESSAGES" / "django.po"
    assert path.with_suffix(".mo").read_bytes() == compiled(path), "run `make messages`"


def test_sentences_are_found_in_code() -> None:
    code = '_("one")\ngettext_lazy("two")\nngettext("%(n)d thing", "%(n)d things", n)\nprint("none")\n'
    assert list(in_code(code)) == ["one", "two", ("%(n)d thing", "%(n)d things")]
    with pytest.raises(ValueError, match="line 1"):
        list(in_code("_(sentence)"))


def test_sentences_are_found_in_templates() -> None:
    template = """
    {% load i18n %}<h1 title="{% translate 'Say "here"' %}">{% translate "one" %}</h1>{% firstof x _("two") %}
    {% blocktranslate with name=user.name %}Hello {{ name }}{% endblocktranslate %}
    {% blocktranslate count n=many %}{{ n }} thing{% plural %}{{ n }} things{% endblocktranslate %}
    """
    wanted = {'Say "here"', "one", "two", "Hello %(name)s", ("%(n)s thing", "%(n)s things")}
    assert set(in_template(template)) == wanted
