"""Refuses migrations that the release before cannot live with: in a deployment both run beside each other for a while.

`make check` runs it. The rule, and how a table is changed in two releases: docs/architecture.md, "Restarts". What it
refuses is let through once the migration says why it is safe:

    class Migration(migrations.Migration):
        beside_the_release_before = "the column was taken out of the state in 0012, one release ago"
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import Field, ForeignKey, ManyToManyField

ROOT = Path(__file__).resolve().parent.parent
MARK = "beside_the_release_before"

# The tables of the release before stay as they are.
HARMLESS = (
    operations.CreateModel,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterModelTableComment,
    operations.RemoveIndex,
    operations.RemoveConstraint,
)
REMOVING = "the release before still reads it: take it out of the state only, and drop it in the release after"
RENAMING = "the release before still calls it by the old name: add, copy, and remove in a later release"
CHECKING = "the release before may write what breaks it, and writing waits while it is built: say why neither matters"
REASONS: dict[type[Operation], str] = {
    operations.RemoveField: REMOVING,
    operations.DeleteModel: REMOVING,
    operations.RenameField: RENAMING,
    operations.RenameModel: RENAMING,
    operations.AlterModelTable: RENAMING,
    operations.AddIndex: CHECKING,
    operations.AddConstraint: CHECKING,
    operations.AlterUniqueTogether: CHECKING,
    operations.AlterIndexTogether: CHECKING,
}
UNFILLED = "this release inserts rows without it: give it a db_default first, or let it be null"
POINTING = "the release before deletes what it points at and leaves its rows: let the database do it (DB_CASCADE)"
UNKNOWN = "what it does cannot be seen from here"


def refusals(migration: Migration, before: ProjectState) -> Iterator[str]:
    """What the release before cannot live with, a sentence each; `before` is the state that the migration finds."""
    if getattr(migration, MARK, ""):
        return
    state, made = before.clone(), set[str]()
    for operation in migration.operations:
        found, state = state, state.clone()
        operation.state_forwards(migration.app_label, state)
        if isinstance(operation, operations.CreateModel):
            made.add(operation.name_lower)
            holding = (field for _, field in operation.fields if _holds_back(field, migration.app_label, before))
            if not migration.initial and any(holding):
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {POINTING}."
        for each, reason in _reasons(operation, migration.app_label, found):
            of_table = getattr(each, "model_name_lower", getattr(each, "name_lower", ""))
            if reason and of_table not in made:  # else the release before does not know the table
                yield f"{migration.app_label}.{migration.name}: {each.describe()}: {reason}."


def _reasons(operation: Operation, app: str, before: ProjectState) -> Iterator[tuple[Operation, str]]:
    if not isinstance(operation, operations.SeparateDatabaseAndState):
        yield operation, _reason(operation, app, before)
        return
    for each in operation.database_operations:
        yield each, _reason(each, app, before)
    for each in operation.state_operations:
        if isinstance(each, operations.RemoveField) and not operation.database_operations:
            field = before.models[app, each.model_name_lower].fields[each.name]
            yield each, "" if _is_filled_by_the_database(field) else UNFILLED


def _reason(operation: Operation, app: str, before: ProjectState) -> str:
    if isinstance(operation, HARMLESS):
        return ""
    if isinstance(operation, operations.AddField):
        return _reason_against_adding(operation.field)
    if isinstance(operation, operations.AlterField):
        old = before.models[app, operation.model_name_lower].fields[operation.name]
        return _reason_against_altering(old, operation.field)
    return REASONS.get(type(operation), UNKNOWN)


def _holds_back(field: "Field[Any, Any]", app: str, before: ProjectState) -> bool:
    """Whether a row with this field keeps a row from being deleted by who does not know of it."""
    if not isinstance(field, ForeignKey) or not getattr(field, "db_constraint", True):
        return False
    known = resolve_relation(field.remote_field.model, app) in before.models
    return known and field.remote_field.on_delete not in (models.DB_CASCADE, models.DB_SET_NULL, models.DB_SET_DEFAULT)


def _reason_against_adding(field: "Field[Any, Any]") -> str:
    if not _is_filled_by_the_database(field):
        return "the release before inserts rows without it: give it null=True or db_default= (default= is not enough)"
    return CHECKING if field.unique and not field.null else ""


def _is_filled_by_the_database(field: "Field[Any, Any]") -> bool:
    """Whether code that does not know the column can insert a row."""
    return isinstance(field, ManyToManyField) or field.null or field.has_db_default()


def _reason_against_altering(old: "Field[Any, Any]", new: "Field[Any, Any]") -> str:
    before, after = _in_the_database(old), _in_the_database(new)
    changed = {name for name in {"kind", *before, *after} if before.get(name) != after.get(name)}
    if changed == {"null"} and new.null:
        return ""
    if changed == {"max_length"} and (new.max_length or 0) > (old.max_length or 0):
        return ""
    if changed == {"db_default"} and new.has_db_default():
        return ""
    return f"another {', '.join(sorted(changed))} than the release before expects" if changed else ""


def _in_the_database(field: "Field[Any, Any]") -> dict[str, Any]:
    _, kind, _, options = field.deconstruct()
    python_only = {*field.non_db_attrs, "default"}
    return {"kind": kind} | {name: value for name, value in options.items() if name not in python_only}


def refused_here() -> list[str]:
    """What is refused of the migrations of this tree. Those of libraries are their own affair."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    found: list[str] = []
    for app, name in sorted(loader.disk_migrations):
        if Path(apps.get_app_config(app).path).parent == ROOT:
            migration = loader.get_migration(app, name)
            found += refusals(migration, loader.project_state((app, name), at_end=False))
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    import django

    django.setup()
    refused = refused_here()
    for sentence in refused:
        sys.stderr.write(f"{sentence}\n")
    if refused:
        sys.exit(f'Change that, or set {MARK} = "why it is safe" on the migration.')
