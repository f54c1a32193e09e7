"""`manage.py export_all`: every document as Markdown and HTML, with its pictures. To read, not to restore."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from documents.export_tree import export_all


class Command(BaseCommand):
    help = "Write every document (but those in the trash) as Markdown and HTML into a ZIP, in a folder per owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a new file")

    def handle(self, **options: Any) -> None:
        path: Path = options["path"]
        try:
            taken = export_all(path)
        except FileExistsError:
            raise CommandError(f"{path} is there already.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from None
        for problem in taken.problems:
            self.stderr.write(f"Warning: {problem}")
        self.stdout.write(f"{path}: {taken.documents} documents, {taken.pictures} pictures")
        if taken.problems:
            raise CommandError(f"{len(taken.problems)} things are not in it as they should be.")
