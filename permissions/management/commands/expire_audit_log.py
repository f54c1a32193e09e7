"""`manage.py expire_audit_log`: delete what is older than `COSCRIBE_AUDIT_DAYS`. For cron."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from permissions.audit import expire


class Command(BaseCommand):
    help = "Delete entries of the audit log that are older than COSCRIBE_AUDIT_DAYS days. There is no way back."

    def handle(self, **options: Any) -> None:
        if not settings.AUDIT_DAYS:
            self.stdout.write("The audit log is kept for ever: COSCRIBE_AUDIT_DAYS is 0.")
            return
        self.stdout.write(f"{expire()} entries older than {settings.AUDIT_DAYS} days deleted.")
