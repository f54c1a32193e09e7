"""A newer release: this tree in a copy, with a column more."""

import shutil
from pathlib import Path

from tests.servers import ROOT

PARTS = ("project", "collab", "documents", "permissions", "locale", "deploy")
FIELD = 'models.CharField(max_length=10, default="newer", db_default="older")'
MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", {before!r})]
    operations = [migrations.AddField("document", "release", {field})]
"""


def newer_release(folder: Path) -> Path:
    """A copy in `folder` whose documents say by which release they were made. Its migration is additive: a process of
    this release does not know the column, and makes documents all the same.
    """
    root = folder / "newer"
    for name in PARTS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", root)
    (root / "frontend").symlink_to(ROOT / "frontend")
    migrations = root / "documents" / "migrations"
    before = max(path.stem for path in migrations.glob("[0-9]*.py"))
    (migrations / "9999_release.py").write_text(MIGRATION.format(before=before, field=FIELD))
    with (root / "documents" / "models.py").open("a") as models:
        models.write(f'\nDocument.add_to_class("release", {FIELD})\n')
    return root
