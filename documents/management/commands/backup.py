"""`manage.py backup`: the whole installation, pictures included, in one file. May be run while people write."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from documents.backup import back_up


class Command(BaseCommand):
    help = "Write everything (people, rights, documents with their history, pictures) into one file, for `restore`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a new file, or a folder in which one is made, named by the time")

    def handle(self, **options: Any) -> None:
        path: Path = options["path"]
        if path.is_dir():
            path /= f"coscribe-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
        try:
            made = back_up(path)
        except FileExistsError:
            raise CommandError(f"{path} is there already.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from None
        for name in made.missing:
            self.stderr.write(f"Warning: the picture {name} is not in the storage.")
        documents, people = made.rows["documents.Document"], made.rows["permissions.User"]
        told = f"{documents} documents, {people} accounts, {made.files} pictures, {made.size_bytes} bytes"
        self.stdout.write(f"{path}: {told}")
        self.stdout.write("Not in it: sessions, access tokens, invitations. After a restore they are made anew.")
