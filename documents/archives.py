"""ZIP files that are written bit by bit, and appear under their name when they are complete."""

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj

from django.core.files.storage import Storage

STEP_BYTES = 1 << 20


@contextmanager
def new_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to be filled within the block, readable by its owner only. After it, it is at `path`, whole and on the
    disk; when the block raises there is nothing.

    Raises `FileExistsError` when something is there, and what the disk raises.
    """
    if path.exists():
        raise FileExistsError(path)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # never in the place of another
    finally:
        Path(draft).unlink()
    _sync(path.parent)


def add_file(archive: zipfile.ZipFile, storage: Storage, name: str, *, under: str) -> bool:
    """Copy a stored picture into the archive, as `under`. False for one that is not there: its document was deleted
    since, or the storage lost it.
    """
    try:
        source = storage.open(name)
    except FileNotFoundError:
        return False
    info = zipfile.ZipInfo(under, datetime.now(UTC).timetuple()[:6])
    info.compress_type = zipfile.ZIP_STORED  # pictures are compressed already
    with source, archive.open(info, "w", force_zip64=True) as out:
        copyfileobj(source, out, STEP_BYTES)
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
