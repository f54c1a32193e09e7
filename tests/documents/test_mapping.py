"""The editor and the server say the same of one document: Python against the browser's own code under Node."""

import base64
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from documents.content import tree
from documents.html import ALIGNMENTS, CALLOUTS, COLORS
from documents.links import clean, is_safe_href
from documents.schema import Tree, normal, schema
from documents.values import bad_attributes
from documents.writing import encode
from tests.servers import ROOT

from .trees import TEXT, everything


class Editor:
    """The editor's schema and mapping in a Node process."""

    def __init__(self) -> None:
        program = ["node", str(ROOT / "tests" / "interop" / "mapping.mjs"), str(ROOT / "frontend")]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, update: bytes) -> Tree:
        """What the editor shows. It fails where the editor would mend or refuse."""
        found: Tree = self._ask("read", base64.b64encode(update).decode())
        return found

    def write(self, document: Tree) -> bytes:
        """What the editor stores."""
        return base64.b64decode(self._ask("write", document))

    def is_safe(self, href: str) -> bool:
        return self._ask("safe", href) is True

    def takes(self, values: list[tuple[str, str, Any]]) -> list[bool]:
        """Of each (node or mark, attribute, value), whether the editor takes it."""
        found: list[bool] = self._ask("takes", values)
        return found

    def end(self) -> None:
        with self.process as process:
            process.kill()

    def _ask(self, act: str, value: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"act": act, "value": value}).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "the process ended"}')
        assert "error" not in answer, answer["error"]
        return answer["value"]


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    started = Editor()
    yield started
    started.end()


@settings(max_examples=250)
@given(document=everything())
def test_what_python_writes_the_editor_reads(document: Tree, editor: Editor) -> None:
    update = encode(document)
    assert editor.read(update) == document
    assert normal(tree(update)) == document


@settings(max_examples=250)
@given(document=everything())
def test_what_the_editor_writes_python_reads(document: Tree, editor: Editor) -> None:
    assert normal(tree(editor.write(document))) == document


@settings(max_examples=400)
@given(
    href=st.one_of(
        TEXT,
        st.builds(
            lambda edge, scheme, middle, rest: edge + scheme + middle + rest,
            st.sampled_from(["", " ", "\t", "\x01", "\xa0"]),
            st.sampled_from(
                ["javascript", "JaVa\nscript", "http", "https", "HTTPS", "mailto", "tel", "data", "file", "vb", ""]
            ),
            st.sampled_from([":", "://", ":/", ":\\\\", "//", "/", "", "\t:"]),
            st.sampled_from(["", "a.example", "a.example/x y", "alert(1)", "/a", "?q", "#h", "a b"]),
        ),
    )
)
@example(href="")
@example(href="http://")
@example(href="//")
def test_both_follow_the_same_addresses(href: str, editor: Editor) -> None:
    if editor.is_safe(href) != is_safe_href(href):
        # What no browser can open may be called either; what runs a script may not.
        assert is_safe_href(href) is True
        assert clean(href).lower().startswith(("http:", "https:", "mailto:", "tel:", "/", "\\"))


NUMBERS = (0, 1, 2, 3, 4, 5, -1, 1.5, 1000, 1001, 100_000)
LISTS: tuple[Any, ...] = ([], [1], [0, 2.5], ["1"], [None], [True], [1] * 1000, [1] * 1001)
WORDS = ("", "x", "1", "a", "start", "info", "toString", "black", "#ff0000", *ALIGNMENTS, *CALLOUTS, *COLORS)
PLACES = (
    "https://example.org",
    "/documents/1",
    "javascript:alert(1)",
    "data:image/png;base64,",
    "mailto:a@example.org",
)
VALUES = (None, True, False, *NUMBERS, *LISTS, {}, {"a": 1}, *WORDS, *PLACES)


def test_the_editor_and_the_server_take_the_same_values(editor: Editor) -> None:
    known = {name: kind.attrs for kinds in (schema().nodes, schema().marks) for name, kind in kinds.items()}
    asked = [(kind, name, value) for kind, names in known.items() for name in (*names, "bogus") for value in VALUES]
    taken = [not bad_attributes(kind, known[kind], {name: value}) for kind, name, value in asked]
    assert [each for each, ours, theirs in zip(asked, taken, editor.takes(asked), strict=True) if ours != theirs] == []
    assert any(taken)
    assert not all(taken)
