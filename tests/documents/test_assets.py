"""The `{% vite %}` tag."""

import pytest
from django.template import Context, Template
from django.utils import translation

from documents.templatetags.assets import FrontendNotBuilt


def rendered(entry: str) -> list[str]:
    return Template(f'{{% load assets %}}{{% vite "{entry}" %}}').render(Context()).splitlines()


def test_an_entry_brings_the_first_letters_its_styles_its_imports_and_itself() -> None:
    assert rendered("src/main.ts") == [
        (
            '<link rel="preload" href="/static/assets/text-latin-wght-normal-HHHHHHHH.woff2"'
            ' as="font" type="font/woff2" crossorigin>'
        ),
        '<link rel="stylesheet" href="/static/assets/shared-CCCCCCCC.css">',
        '<link rel="stylesheet" href="/static/assets/main-DDDDDDDD.css">',
        '<link rel="modulepreload" href="/static/assets/shared-BBBBBBBB.js">',
        '<script type="module" src="/static/assets/main-AAAAAAAA.js"></script>',
        # for the service worker: not what is large, and no other languages
        (
            '<meta name="coscribe-later" content="/static/assets/near-JJJJJJJJ.js'
            ' /static/assets/find-LLLLLLLL.css /static/assets/find-KKKKKKKK.js">'
        ),
    ]


def test_the_words_of_a_language_are_fetched_along() -> None:
    words = '<link rel="modulepreload" href="/static/assets/de-GGGGGGGG.js">'
    with translation.override("de"):
        assert words in rendered("src/main.ts")
    assert words not in rendered("src/main.ts")


def test_an_entry_that_was_not_built_is_named() -> None:
    with pytest.raises(FrontendNotBuilt, match=r"src/nothing.ts is missing\): run `make build`"):
        rendered("src/nothing.ts")
