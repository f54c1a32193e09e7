"""The `{% vite %}` tag."""

import pytest
from django.template import Context, Template

from documents.templatetags.assets import FrontendNotBuilt


def rendered(entry: str) -> list[str]:
    return Template(f'{{% load assets %}}{{% vite "{entry}" %}}').render(Context()).splitlines()


def test_an_entry_brings_its_styles_its_imports_and_itself() -> None:
    assert rendered("src/main.ts") == [
        '<link rel="stylesheet" href="/static/assets/shared-CCCCCCCC.css">',
        '<link rel="stylesheet" href="/static/assets/main-DDDDDDDD.css">',
        '<link rel="modulepreload" href="/static/assets/shared-BBBBBBBB.js">',
        '<script type="module" src="/static/assets/main-AAAAAAAA.js"></script>',
    ]


def test_an_entry_that_was_not_built_is_named() -> None:
    with pytest.raises(FrontendNotBuilt, match=r"src/nothing.ts is missing\): run `make build`"):
        rendered("src/nothing.ts")
