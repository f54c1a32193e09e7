"""Who may import whom: a folder imports to its right in project -> collab -> documents -> permissions."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .servers import ROOT

CHAIN = ["project", "collab", "documents", "permissions"]
CORE = {"pycrdt", "collab.core"}  # besides the standard library
MODULES = sorted(path for folder in CHAIN for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """The absolute names of all modules the file imports, wherever the import stands."""
    package = name_of(path).split(".") if path.name == "__init__.py" else name_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from documents import log` imports documents.log.
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_folder_imports_only_to_its_right(path: Path) -> None:
    here = CHAIN.index(path.relative_to(ROOT).parts[0])
    for imported in imports_of(path):
        assert imported.split(".")[0] not in CHAIN[:here], f"{name_of(path)} imports {imported}, which is to its left"


@pytest.mark.parametrize("path", sorted((ROOT / "collab" / "core").rglob("*.py")), ids=name_of)
def test_the_core_imports_only_the_standard_library_and_pycrdt(path: Path) -> None:
    for imported in imports_of(path):
        top = imported.split(".")[0]
        assert top in sys.stdlib_module_names or any(is_within(imported, name) for name in CORE), imported
        assert top != "asyncio", "the core knows no loop: time and bytes are arguments"


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[-2] != "tests"], ids=name_of)
def test_the_environment_is_read_in_settings_only(path: Path) -> None:
    if name_of(path) in ("project.settings", "project.environment", "project.asgi"):
        return
    assert not any(is_within(imported, name) for imported in imports_of(path) for name in ("os.environ", "environ"))
    assert "os.environ" not in path.read_text()


def test_the_walk_sees_every_way_to_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that sees nothing would pass for ever."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    module = tmp_path / "permissions" / "deep" / "bad.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "import documents.log\ndef f():\n    from collab import hub\nfrom ..access import x\nfrom . import y\n"
    )
    assert sorted(imports_of(module)) == ["collab.hub", "documents.log", "permissions.access.x", "permissions.deep.y"]
