"""`manage.py send_letters`: send the mails that are due. The servers do so themselves; this is for cron beside them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from permissions.letters import send_due


class Command(BaseCommand):
    help = "Send the mails that are due, those that failed before included. May run beside servers and beside itself."

    def handle(self, **options: Any) -> None:
        done = send_due()
        self.stdout.write(f"{done.sent} sent, {done.failed} failed.")
        if done.failed:
            raise CommandError("Mail that failed is tried again later: the log says why.")
