"""`manage.py restore`: put a backup in the place of what is here. All or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from documents.restoration import BadBackup, NotEmpty, restore


class Command(BaseCommand):
    help = "Restore what `backup` wrote, into an empty installation (migrate it first), from either kind of database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file")
        parser.add_argument(
            "--force", action="store_true", help="replace all that is here. There is no way back: make a backup first"
        )

    def handle(self, **options: Any) -> None:
        path: Path = options["path"]
        try:
            restored = restore(path, force=options["force"])
        except NotEmpty as error:
            raise CommandError(f"{error} --force replaces them.") from None
        except BadBackup as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from None
        documents, people = restored.rows["documents.Document"], restored.rows["permissions.User"]
        told = f"{documents} documents, {people} accounts, {restored.files} pictures"
        self.stdout.write(f"Restored as of {restored.made_at:%Y-%m-%d %H:%M:%S} UTC: {told}.")
        self.stdout.write("`manage.py verify_documents --all` looks at every document.")
        self.stdout.write(
            "Everybody signs in again; programs need new access tokens; whoever was invited is to be invited again; "
            "the password of a link is asked for again."
        )
