"""Putting a backup (`backup`) in the place of what is here: one transaction, all or nothing.

Pages may hold newer edits than the backup. They bring them back, each edit once, for Yjs knows it by its number; `log`
lets them, in a document that says when it was restored. Servers that run meanwhile wait, and find that their rooms are
ahead of the log: they close them, and people come back to what was restored.
"""

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.files.storage import Storage
from django.db import connection, models, transaction
from django.utils import timezone

from . import rows
from .backup import FORMAT, LEFT_OUT, MANIFEST, Contents, contents_of, kept_models, migrations, stored_files
from .models import Document


class BadBackup(Exception):
    """A file that cannot be restored here. Nothing was changed."""


class NotEmpty(Exception):
    """There are people or documents here already."""

    def __init__(self, *, people: int, documents: int) -> None:
        self.people, self.documents = people, documents
        super().__init__(f"There are {people} accounts and {documents} documents here: they would be lost.")


def restore(path: Path, *, force: bool = False) -> Contents:
    """Put the backup in the place of what is here; only into an empty installation, unless `force`.

    Pages may hold newer edits than the backup, and may bring them back for `RETURN_DAYS`: see `log`.

    Raises `NotEmpty`, `BadBackup`, and what the database raises; nothing has changed then.
    """
    rows.forget_names()
    with _opened(path) as (archive, manifest):
        _check(archive, manifest)
        if not force:
            _check_empty()
        before = stored_files()
        added = _bring_files(archive, manifest["files"])
        try:
            with transaction.atomic():
                _make_room(force=force)
                for label, about in manifest["tables"].items():
                    if label not in LEFT_OUT:  # a file may be older than the decision to leave it out
                        _bring_rows(archive, apps.get_model(label), about)
                Document.objects.update(restored_at=timezone.now())
        except BaseException:
            for storage, name in added:
                storage.delete(name)
            raise
        for storage, name in before - stored_files():
            storage.delete(name)
        return contents_of(manifest, path.stat().st_size)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise BadBackup(f"{path} has the format {manifest['format']}; this version reads {FORMAT}.")
            yield archive, manifest
    except (zipfile.BadZipFile, zlib.error, KeyError, json.JSONDecodeError, EOFError) as error:
        raise BadBackup(f"{path} is no backup, or is damaged: {error}") from error
    except rows.Foreign as error:
        raise BadBackup(f"{path} does not fit here: {error}") from error


def _check(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    damaged = archive.testzip()
    if damaged is not None:
        raise BadBackup(f"{damaged} in it is damaged.")
    here = migrations()
    if manifest["migrations"] != here:
        other = sorted(
            f"{app}.{name}"
            for app in {*manifest["migrations"], *here}
            for name in {*manifest["migrations"].get(app, ())} ^ {*here.get(app, ())}
        )
        raise BadBackup(
            f"It was made by another version, which differs in {', '.join(other)}. Restore it with that one."
        )


def _check_empty() -> None:
    people, documents = get_user_model()._base_manager.count(), Document._base_manager.count()
    if people or documents:
        raise NotEmpty(people=people, documents=documents)


def _make_room(*, force: bool) -> None:
    if connection.vendor == "postgresql":  # servers that run wait, and see the restored rows
        connection.cursor().execute(f"LOCK TABLE {connection.ops.quote_name(Document._meta.db_table)}")
    if not force:
        _check_empty()  # again, and nobody can come in between any more
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model not in rows.NAMED:
            cast(Any, model._base_manager.all())._raw_delete(connection.alias)


def _bring_rows(archive: zipfile.ZipFile, model: type[models.Model], about: dict[str, Any]) -> None:
    count = 0
    with archive.open(f"rows/{model._meta.label}.jsonl") as source:
        for some in rows.chunks(source):
            rows.insert(model, [rows.read(model, line, about["columns"]) for line in some])
            count += len(some)
    if count != about["rows"]:
        raise BadBackup(f"{model._meta.label} should have {about['rows']} rows, but has {count}.")
    rows.go_on_after(model, about["last_number"])


def _bring_files(archive: zipfile.ZipFile, names: list[str]) -> list[tuple[Storage, str]]:
    """Store the files; those that were not there. They never change, so one that is there already is the same."""
    storage = next(
        field.storage for each in kept_models() for field in rows.columns(each) if isinstance(field, models.FileField)
    )
    added: list[tuple[Storage, str]] = []
    try:
        for name in names:
            if storage.exists(name):
                continue
            with archive.open(f"files/{name}") as source:
                stored = storage.save(name, File(cast(IO[Any], source)))
            added.append((storage, stored))
            _expect(name, stored)
    except BaseException:
        for place, name in added:
            place.delete(name)
        raise
    return added


def _expect(name: str, stored: str) -> None:
    if stored != name:
        raise BadBackup(f"{name} cannot be stored under its name.")
