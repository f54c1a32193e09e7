"""`manage.py verify_documents`: is what is shown what was written? May be run while the server runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from documents.management.arguments import add_documents, named_documents
from documents.verification import verify


class Command(BaseCommand):
    help = "Rebuild documents from their logs alone and compare; says what differs, and exits with 1 if anything does."

    def add_arguments(self, parser: CommandParser) -> None:
        add_documents(parser)

    def handle(self, **options: Any) -> None:
        documents = faulty = 0
        for document_id in named_documents(options):
            finding = verify(document_id)
            documents += 1
            if finding.faults:
                faulty += 1
                self.stdout.write(f"{document_id}: WRONG: {'; '.join(finding.faults)}")
            else:
                state = f"state up to row {finding.state_seq}" if finding.state_seq else "no state"
                self.stdout.write(f"{document_id}: good, {finding.rows} rows, {state}")
            if finding.oddity:
                self.stdout.write(f"{document_id}: warning: no document of the schema: {finding.oddity}")
        if faulty:
            raise CommandError(f"{faulty} of {documents} documents are wrong.")
        self.stdout.write(f"{documents} documents, all good.")
