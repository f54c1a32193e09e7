"""A whole installation in one file, taken while people write. `restoration` is the way back, into any database we run
on.

The file is a ZIP: a file of JSON lines a table (`rows`), the pictures, and a manifest. It is made within one read
transaction, so it is the database of one moment; it appears under its name when it is complete.
"""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from django.apps import apps
from django.core.files.storage import Storage
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from . import rows
from .archives import add_file, new_archive

FORMAT = 1
MANIFEST = "manifest.json"
LEFT_OUT = {
    "contenttypes.ContentType": "each installation numbers its own; rows name them",
    "auth.Permission": "as content types",
    "sessions.Session": "everybody signs in again: a session that was ended since must not come back",
    "permissions.SignIn": "goes with its session",
    "permissions.Letter": "mail that was due then was sent since, and would be sent again",
    "permissions.AccessToken": "one that was taken back since must not open anything again: programs need new ones",
    "documents.DocumentInvitation": "one that was claimed or taken back since would be open again: invite again",
    "documents.DocumentLinkPass": "as invitations: the link's password is asked for again",
    "documents.DocumentOffer": "as invitations: one that was withdrawn could be accepted",
    "axes.AccessAttempt": "who guessed passwords then",
    "axes.AccessAttemptExpiration": "as above",
    "axes.AccessFailureLog": "as above",
    "axes.AccessLog": "as above",
    "documents.RecurringJob": "when jobs are due here",
    "django_tasks_database.DBTaskResult": "what was done, and is to be done, there",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a backup. `rows`: their number by table; `missing`: pictures whose files the storage has lost."""

    made_at: datetime
    rows: dict[str, int]
    files: int
    missing: tuple[str, ...]
    size_bytes: int


def kept_models() -> list[type[models.Model]]:
    """What a backup holds: every table of every app but those `LEFT_OUT`."""
    found = apps.get_models(include_auto_created=True)
    return [each for each in found if each._meta.managed and not each._meta.proxy and each._meta.label not in LEFT_OUT]


def back_up(path: Path) -> Contents:
    """Write a backup to `path`, which must not exist. May be run while people write, and be killed at any point.

    Raises `FileExistsError`, and what the disk and the database raise; there is no file then.
    """
    with new_archive(path) as archive:
        manifest = _fill(archive)
    return contents_of(manifest, path.stat().st_size)


def _fill(archive: zipfile.ZipFile) -> dict[str, Any]:
    rows.forget_names()
    tables: dict[str, Any] = {}
    files: list[str] = []
    missing: list[str] = []
    with _one_moment():
        made_at = datetime.now(UTC)
        for model in kept_models():
            count = 0
            with archive.open(f"rows/{model._meta.label}.jsonl", "w", force_zip64=True) as out:
                for line in rows.lines(model):
                    out.write(line.encode() + b"\n")
                    count += 1
            names = [field.attname for field in rows.columns(model)]
            tables[model._meta.label] = {"columns": names, "rows": count, "last_number": rows.last_number(model)}
        wanted = sorted(stored_files(), key=lambda each: each[1])
        applied = migrations()
    for storage, name in wanted:  # files never change, so they need no transaction
        (files if add_file(archive, storage, name, under=f"files/{name}") else missing).append(name)
    manifest = {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "migrations": applied,
        "tables": tables,
        "files": files,
        "missing": missing,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return manifest


@contextmanager
def _one_moment() -> Iterator[None]:
    """All that is read inside is the database of one moment, and nobody who writes waits for it."""
    config = cast(Any, connection)
    mode = getattr(config, "transaction_mode", None)
    try:
        if connection.vendor == "sqlite":
            config.transaction_mode = "DEFERRED"  # ours is IMMEDIATE, which takes the lock of those who write
        with transaction.atomic():
            if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            config.transaction_mode = mode


def stored_files() -> set[tuple[Storage, str]]:
    """The files that rows name, with the storages they are in."""
    return {
        (field.storage, name)
        for model in kept_models()
        for field in rows.columns(model)
        if isinstance(field, models.FileField)
        for name in model._base_manager.exclude(**{field.attname: ""}).values_list(field.attname, flat=True)
    }


def migrations() -> dict[str, list[str]]:
    """What has been applied, of the apps whose rows are kept."""
    kept = {model._meta.app_label for model in kept_models()}
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        if app in kept:
            found.setdefault(app, []).append(name)
    return found


def contents_of(manifest: dict[str, Any], size: int) -> Contents:
    """What a manifest says of a file of `size` bytes."""
    counts = {label: about["rows"] for label, about in manifest["tables"].items()}
    made_at = datetime.fromisoformat(manifest["made_at"])
    return Contents(made_at, counts, len(manifest["files"]), tuple(manifest["missing"]), size)
