"""`manage.py empty_trash`: delete for good what has been in the trash for longer than `TRASH_DAYS`, now."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from documents.trash import erase_expired, expired
from permissions.clock import database_now


class Command(BaseCommand):
    help = "Delete for good what has been in the trash for longer than TRASH_DAYS days. There is no way back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")

    def handle(self, **options: Any) -> None:
        now = database_now()
        found = list(expired(now).order_by("trashed_at", "pk").values_list("pk", "trashed_at"))
        if not found:
            self.stdout.write(f"Nothing has been in the trash for longer than {settings.TRASH_DAYS} days.")
            return
        if not options["dry_run"]:
            self.stderr.write(f"Warning: {len(found)} documents are being deleted for good. There is no way back.")
        deleted = 0
        for pk, trashed_at in found:
            since = f"in the trash since {trashed_at:%Y-%m-%d}"
            if options["dry_run"]:
                self.stdout.write(f"{pk}: would be deleted, {since}")
            elif erase_expired(pk, now):
                deleted += 1
                self.stdout.write(f"{pk}: deleted, {since}")
        self.stdout.write(f"{len(found)} would be deleted." if options["dry_run"] else f"{deleted} deleted.")
