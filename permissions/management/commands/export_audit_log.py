"""`manage.py export_audit_log`: the audit log as JSON lines on standard output, oldest first."""

import argparse
import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from permissions.audit import lines_since


class Command(BaseCommand):
    help = "Write the audit log to standard output, one JSON object a line, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=_moment, help="only entries from that day or time on: 2026-11-23, 2026-11-23T08:00+01:00"
        )

    def handle(self, **options: Any) -> None:
        for line in lines_since(options["since"]):
            self.stdout.write(json.dumps(line, ensure_ascii=False))


def _moment(text: str) -> datetime:
    """A day begins at midnight UTC; a time without a zone is UTC."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a day (2026-11-23) nor a time (2026-11-23T08:00+01:00)")
    return found if timezone.is_aware(found) else timezone.make_aware(found, timezone.get_default_timezone())
