"""`export_all`: every document in a ZIP, under names that any file system takes and that lead nowhere else."""

import json
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from documents.export_tree import NAME_BYTES, Names, export_all, safe_name
from documents.images import address_of
from documents.models import Document, DocumentImage, DocumentUpdate
from documents.writing import begin, create_with
from permissions.models import User

pytestmark = pytest.mark.django_db


def paragraph(text: str) -> dict[str, object]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def written(owner: User, title: str, *blocks: dict[str, object]) -> Document:
    return create_with(owner=owner, title=title, tree={"type": "doc", "content": list(blocks)})


def test_every_document_is_there_as_markdown_and_html_with_its_pictures(ada: User, bob: User, tmp_path: Path) -> None:
    plan = Document.objects.create_for(owner=ada, title="The plan")
    image = DocumentImage(document=plan, content_type="image/png", width=1, height=1, size_bytes=3)
    image.file.save("x.png", ContentFile(b"png"), save=False)
    image.save()
    picture = {"type": "image", "attrs": {"src": address_of(image), "alt": "a map"}}
    begin(plan, by=ada, tree={"type": "doc", "content": [paragraph("We go north."), picture]})
    written(bob, "", paragraph("nothing much"))
    written(bob, "thrown away", paragraph("gone"))
    Document.objects.filter(title="thrown away").update(trashed_at=plan.edited_at)
    taken = export_all(tmp_path / "all.zip")
    assert (taken.documents, taken.pictures, taken.problems) == (2, 1, [])
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    kept = f"ada/The plan pictures/{image.pk}.png"
    assert set(files) == {
        "ada/The plan.md", "ada/The plan.html", kept, "bob/Untitled.md", "bob/Untitled.html", "index.json"
    }  # fmt: skip
    assert files[kept] == b"png"
    markdown = files["ada/The plan.md"].decode()
    assert "We go north." in markdown
    link = markdown.partition("![a map](")[2].partition(")")[0]
    assert f"ada/{unquote(link)}" == kept
    assert b"data:image/png;base64,cG5n" in files["ada/The plan.html"]
    index = json.loads(files["index.json"])
    assert {(each["title"], each["owner"], each["markdown"]) for each in index} == {
        ("The plan", "ada", "ada/The plan.md"), ("", "bob", "bob/Untitled.md")
    }  # fmt: skip


def test_documents_of_one_title_are_all_there_and_none_leaves_its_folder(ada: User, tmp_path: Path) -> None:
    titles = ["../../etc/passwd", "Plan", "plan", "PLAN", "con", "..", "C:\\x", "a" * 200, "  .hidden", "nul.txt"]
    for title in titles:
        written(ada, title, paragraph(title))
    export_all(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        names = archive.namelist()
        texts = {archive.read(name).decode().strip() for name in names if name.endswith(".md")}
        archive.extractall(tmp_path / "out")
    assert len({name.casefold() for name in names}) == len(names) == 2 * len(titles) + 1
    assert len(texts) == len(titles)
    assert {path.parent for path in (tmp_path / "out").rglob("*.md")} == {tmp_path / "out" / "ada"}


@given(st.text())
def test_a_safe_name_is_one_on_any_system(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= NAME_BYTES + 1
    assert PurePosixPath(safe).parts == (safe,)
    assert PureWindowsPath(f"{safe}.md").parts == (f"{safe}.md",)
    assert not PureWindowsPath(f"{safe}.md").is_reserved()
    assert safe not in (".", "..")
    assert not safe.startswith(".")
    assert safe == safe.strip(" .")


@given(st.lists(st.text(max_size=3)))
def test_names_in_one_folder_differ_in_any_case(names: list[str]) -> None:
    given_names = Names()
    made = [given_names.of((), name, key) for key, name in enumerate(names)]
    assert len({name.casefold() for name in made}) == len(names)
    assert [given_names.of((), name, key) for key, name in enumerate(names)] == made


def test_what_cannot_be_read_is_said_and_the_rest_is_there(
    ada: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = written(ada, "Broken", paragraph("one"))
    written(ada, "Whole", paragraph("two"))
    DocumentUpdate.objects.filter(document=broken).update(payload=b"\xff\xff")
    with pytest.raises(CommandError, match="1 things"):
        call_command("export_all", str(tmp_path / "all.zip"))
    assert str(broken.pk) in capsys.readouterr().err
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert "ada/Whole.md" in archive.namelist()
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_all", str(tmp_path / "all.zip"))
