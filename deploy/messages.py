"""What the server says, gathered out of templates and code into `locale/*/LC_MESSAGES/django.po`, and compiled.

`python deploy/messages.py` brings both files of every language up to date: new sentences come in empty, to be
translated by hand; run it again after that. Nothing of GNU gettext is needed. The frontend's sentences are in
`frontend/src/strings.ts`.
"""

import ast
import io
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("project", "permissions", "documents", "collab")
LOCALE = ROOT / "locale"
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "# What the server says, in another language. Made by deploy/messages.py; translated by hand."

# The names that mark a sentence -> the places of (singular, plural) among the arguments.
MARKS: dict[str, tuple[int, ...]] = {
    "_": (0,),
    "gettext": (0,),
    "gettext_lazy": (0,),
    "gettext_noop": (0,),
    "ngettext": (0, 1),
    "ngettext_lazy": (0, 1),
}
CALL = re.compile(r"\b(?P<name>_|gettext|ngettext)\(")

type Sentence = str | tuple[str, str]


def sentences() -> dict[Sentence, list[str]]:
    """Every sentence of the server (a plural has two forms), and the files it stands in."""
    found: dict[Sentence, list[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                marked = in_code(path.read_text())
            elif "templates" in path.parts and path.suffix in (".html", ".txt"):
                marked = in_template(path.read_text())
            else:
                continue
            for sentence in marked:
                places = found.setdefault(sentence, [])
                if (place := str(path.relative_to(ROOT))) not in places:
                    places.append(place)
    return found


def in_code(source: str) -> Iterator[Sentence]:
    """The sentences that Python code marks. What is not written out there cannot be translated: it raises."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args:
            forms = [_text(node.args[place]) for place in MARKS[node.func.id]]
            yield forms[0] if len(forms) == 1 else (forms[0], forms[1])


def in_template(source: str) -> Iterator[Sentence]:
    """The sentences of a Django template, which Django itself turns into calls for this purpose."""
    from django.utils.translation.template import templatize

    code = templatize(source)
    if "pgettext(" in code:
        raise ValueError("a sentence with a context: this program does not know contexts yet")
    for call in CALL.finditer(code):
        # Django writes string literals of Python, one or two, and then something of its own: take just those.
        literals = _literals(code[call.end() :])
        yield literals[0] if call["name"] != "ngettext" else (literals[0], literals[1])


def _literals(code: str) -> list[str]:
    found = []
    for literal in re.finditer(r"""\s*u?((['"])(?:\\.|(?!\2).)*\2)\s*(,?)""", code, re.DOTALL):
        found.append(str(ast.literal_eval(literal[1].replace("\n", "\\n"))))
        if not literal[3] or len(found) == 2:
            break
    return found


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"line {node.lineno}: a sentence that is not written out cannot be translated")


def update(language: Path) -> int:
    """Bring the files of a language up to date. How many sentences are not translated."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    path = language / "LC_MESSAGES" / "django.po"
    old = read_po(io.BytesIO(path.read_bytes()), locale=language.name) if path.exists() else Catalog(language.name)
    new = Catalog(language.name, project="coscribe", header_comment=HEADER, charset="utf-8", fuzzy=False)
    for sentence, places in sorted(sentences().items(), key=lambda item: _first(item[0])):
        known = old.get(_first(sentence))
        string = known.string if known is not None else ""
        new.add(sentence, string, locations=[(place, 0) for place in places], flags=_flags(sentence))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=120, omit_header=False, include_lineno=False, no_location=False)
    # Dates in the header would make every run a change; the rest of these nobody reads.
    needless = re.compile(r'"(POT-Cre|PO-Rev|Report-Msg|Last-Tr|Language-Team|Generated-By|Project-Id)')
    kept = [line for line in path.read_text().splitlines() if not needless.match(line)]
    path.write_text("\n".join(kept) + "\n")
    path.with_suffix(".mo").write_bytes(compiled(path))
    return sum(not all(_forms(message.string)) for message in new if message.id)


def compiled(path: Path) -> bytes:
    """A `.po` as the `.mo` that gettext reads."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    catalog = read_po(io.BytesIO(path.read_bytes()), locale=path.parent.parent.name)
    catalog.creation_date = catalog.revision_date = SOME_DAY  # the same sentences make the same file on every day
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def _flags(sentence: Sentence) -> list[str]:
    return ["python-format"] if re.search(r"%\(\w+\)", _first(sentence)) else []


def _first(sentence: Sentence) -> str:
    return sentence if isinstance(sentence, str) else sentence[0]


def _forms(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string or ""] if isinstance(string, str | None) else list(string)


def main() -> None:
    """Update every language there is."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    for language in sorted(path for path in LOCALE.iterdir() if path.is_dir()):
        print(f"{language.name}: {update(language)} sentences wait for a translation")


if __name__ == "__main__":
    main()
