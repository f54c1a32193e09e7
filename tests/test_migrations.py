"""In a deployment the new release's tables are used by the old one, too: what it cannot live with is refused."""

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from deploy.check_migrations import MARK, refusals, refused_here


def found(*operations: Any, **marks: str) -> list[str]:
    """What is refused of such a migration of an app that has notes, each with a title and a date."""
    state = ProjectState()
    fields: list[tuple[str, Any]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("title", models.CharField(max_length=10, help_text="short")),
        ("made_at", models.DateTimeField()),
        ("seen_at", models.DateTimeField(null=True)),
    ]
    state.add_model(ModelState("desk", "Note", fields))
    made = type("Migration", (Migration,), {"operations": list(operations), **marks})
    return list(refusals(made("0002_next", "desk"), state))


TITLE_GONE = migrations.RemoveField("note", "title")
INDEX = migrations.AddIndex("note", models.Index(fields=["made_at"], name="by_date"))


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (TITLE_GONE, "still reads it"),
        (migrations.DeleteModel("note"), "still reads it"),
        (migrations.RenameField("note", "title", "name"), "old name"),
        (migrations.RenameModel("note", "sheet"), "old name"),
        (migrations.AlterModelTable("note", "notes"), "old name"),
        (migrations.AddField("note", "color", models.CharField(max_length=7, default="red")), "db_default"),
        (migrations.AddField("note", "color", models.CharField(max_length=7, db_default="", unique=True)), "breaks it"),
        (migrations.AlterField("note", "title", models.CharField(max_length=5)), "another max_length"),
        (migrations.AlterField("note", "title", models.IntegerField()), "another kind, max_length"),
        (migrations.AlterField("note", "title", models.CharField(max_length=10, unique=True)), "another unique"),
        (INDEX, "writing waits"),
        (migrations.AddConstraint("note", models.UniqueConstraint(fields=["title"], name="once")), "breaks it"),
        (migrations.AlterUniqueTogether("note", {("title", "made_at")}), "breaks it"),
        (migrations.RunPython(migrations.RunPython.noop), "cannot be seen"),
        (migrations.RunSQL("DROP TABLE desk_note"), "cannot be seen"),
        (migrations.SeparateDatabaseAndState([TITLE_GONE]), "still reads it"),
        (migrations.SeparateDatabaseAndState([TITLE_GONE], [TITLE_GONE]), "still reads it"),
        (migrations.SeparateDatabaseAndState(state_operations=[TITLE_GONE]), "inserts rows without it"),
        (migrations.AlterOrderWithRespectTo("note", "title"), "cannot be seen"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, migrations.operations.base.Operation) else "",
)
def test_what_the_release_before_cannot_live_with_is_refused_unless_it_says_why(operation: Any, word: str) -> None:
    (sentence,) = found(operation)
    assert sentence.startswith("desk.0002_next: ")
    assert word in sentence
    assert found(operation, **{MARK: "nobody ran the release before"}) == []
    assert found(operation, **{MARK: ""}) != []


def test_a_column_that_may_not_be_null_any_more_is_refused() -> None:
    nullable = migrations.AddField("note", "color", models.CharField(max_length=7, null=True))
    (sentence,) = found(nullable, migrations.AlterField("note", "color", models.CharField(max_length=7)))
    assert "another null" in sentence


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("Pin", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("note", "color", models.CharField(max_length=7, db_default="red")),
        migrations.AddField("note", "read_at", models.DateTimeField(null=True)),
        migrations.AddField("note", "moved_at", models.DateTimeField(db_default=Now())),
        migrations.AddField("note", "others", models.ManyToManyField("desk.Note")),
        migrations.AlterField("note", "title", models.CharField(max_length=20, help_text="short")),
        migrations.AlterField("note", "title", models.CharField(max_length=10, help_text="very short", default="")),
        migrations.AlterField("note", "title", models.CharField(max_length=10, null=True)),
        migrations.AlterField("note", "title", models.CharField(max_length=10, db_default="")),
        migrations.AlterModelOptions("note", {"ordering": ["title"]}),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("note", "seen_at")]),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_only_adds_is_let_through(operation: Any) -> None:
    assert found(operation) == []


def points_at_notes(on_delete: Any, **more: Any) -> migrations.CreateModel:
    to_note = models.ForeignKey("desk.Note", on_delete, **more)
    return migrations.CreateModel("Pin", [("id", models.BigAutoField(primary_key=True)), ("note", to_note)])


def test_a_table_that_keeps_old_rows_from_being_deleted_is_refused() -> None:
    (sentence,) = found(points_at_notes(models.CASCADE))
    assert "DB_CASCADE" in sentence
    assert found(points_at_notes(models.DB_CASCADE)) == []
    assert found(points_at_notes(models.CASCADE, db_constraint=False)) == []


def test_a_table_of_the_same_migration_is_nobodys_yet() -> None:
    pin = migrations.CreateModel("Pin", [("id", models.BigAutoField(primary_key=True)), ("at", models.DateTimeField())])
    assert found(pin, migrations.AddIndex("pin", models.Index(fields=["at"], name="pins"))) == []
    assert found(pin, migrations.RemoveField("pin", "at")) == []


def test_the_migrations_of_this_tree_keep_the_rule() -> None:
    assert refused_here() == []
