"""`manage.py compact`: fold the logs of documents into states. May be run while the server runs."""

from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError, CommandParser

from documents.compaction import NotCompacted, compact
from documents.management.arguments import add_documents, named_documents


class Command(BaseCommand):
    help = "Fold the update logs of documents into states, so that they open faster. The logs stay."

    def add_arguments(self, parser: CommandParser) -> None:
        add_documents(parser)

    def handle(self, **options: Any) -> None:
        failures = 0
        for document_id in named_documents(options):
            try:
                state = async_to_sync(compact)(document_id)
            except NotCompacted as error:
                failures += 1
                self.stderr.write(str(error))
                continue
            if state is None:
                self.stdout.write(f"{document_id}: nothing new")
            else:
                self.stdout.write(f"{document_id}: up to row {state.seq}, {len(state.payload)} bytes")
        if failures:
            raise CommandError(f"{failures} could not be compacted.")
