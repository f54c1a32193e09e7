"""What code says to people is marked for translation: the sentences of problems, and of the errors shown as such."""

import ast
from collections.abc import Iterator

import pytest

from deploy.messages import FOLDERS, MARKS, ROOT

SOURCES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text())
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}


def named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def details(tree: ast.AST) -> Iterator[ast.expr]:
    """The sentence of each `Problem(status, sentence)` and `problem(status, sentence)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and named(node) in ("Problem", "problem"):
            yield node.args[1]


def is_bare(sentence: ast.expr, tree: ast.AST) -> bool:
    """Whether it is written out without a mark; a variable is what was assigned to it anywhere in `tree`."""
    match sentence:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.BinOp(left=left):
            return is_bare(left, tree)
        case ast.Call(func=ast.Attribute(value=value)):  # "...".format()
            return is_bare(value, tree)
        case ast.Call(args=[first]) if named(sentence) == "str":
            return is_bare(first, tree)
        case ast.IfExp(body=body, orelse=orelse):
            return is_bare(body, tree) or is_bare(orelse, tree)
        case ast.Name(id=name):
            return any(
                is_bare(node.value, tree)
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign)
                and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)
            )
        case ast.Call():
            return named(sentence) not in MARKS
    return False


def shown_errors() -> list[ast.ClassDef]:
    """The exceptions whose text becomes the sentence of a problem, and all that are such exceptions."""
    caught = {"SharingError"}  # `problems.problem_of` says any of them
    for tree in SOURCES.values():
        for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type):
            if any(ast.unparse(detail) == f"str({handler.name})" for detail in details(handler)):
                caught |= {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}  # type: ignore[arg-type]
    classes = [node for tree in SOURCES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    shown = [each for each in classes if each.name in caught]
    for known in shown:  # it grows meanwhile
        shown += [each for each in classes if each not in shown and known.name in map(ast.unparse, each.bases)]
    return shown


def bare_texts(tree: ast.AST) -> Iterator[str]:
    """The texts that exceptions of this class, or function, give themselves without a mark."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__":
            yield from (ast.unparse(each) for each in node.args if is_bare(each, tree))


@pytest.mark.parametrize("path", [path for path, tree in SOURCES.items() if list(details(tree))])
def test_every_problem_says_what_can_be_translated(path: str) -> None:
    tree = SOURCES[path]
    assert [ast.unparse(each) for each in details(tree) if is_bare(each, tree)] == []


def test_every_error_that_people_are_shown_can_be_translated() -> None:
    shown = shown_errors()
    assert {"TitleTooLong", "NotCopied", "DocumentFull", "LastOwner"} <= {each.name for each in shown}
    assert {each.name: texts for each in shown if (texts := list(bare_texts(each)))} == {}


@pytest.mark.parametrize("code", [
    'Problem(400, "No.")',
    'Problem(400, f"No {x}.")',
    'Problem(400, "No %s." % x)',
    'Problem(400, "No {}.".format(x))',
    'sentence = "No."\nProblem(400, sentence)',
    'Problem(400, str("No."))',
    'Problem(400, _("Yes.") if x else "No.")',
])  # fmt: skip
def test_what_is_not_marked_is_found(code: str) -> None:
    tree = ast.parse(code)
    assert [each for each in details(tree) if is_bare(each, tree)]
