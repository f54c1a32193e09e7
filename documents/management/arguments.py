"""What the commands over documents have in common: naming the documents."""

import argparse
import uuid
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from documents.models import Document


def add_documents(parser: CommandParser) -> None:
    """Let the command be given documents by their ids, or all of them."""
    parser.add_argument("documents", nargs="*", type=_uuid, metavar="uuid", help="a document's id")
    parser.add_argument("--all", action="store_true", help="every document, those in the trash included")


def named_documents(options: dict[str, Any]) -> list[uuid.UUID]:
    """The documents asked for. Raises `CommandError` naming those that do not exist, before anything is done."""
    ids: Sequence[uuid.UUID] = options["documents"]
    if bool(ids) == bool(options["all"]):
        raise CommandError("Name documents by their ids, or say --all.")
    if options["all"]:
        return list(Document.objects.order_by("pk").values_list("pk", flat=True))
    existing = set(Document.objects.filter(pk__in=ids).values_list("pk", flat=True))
    missing = [str(each) for each in ids if each not in existing]
    if missing:
        raise CommandError(f"There is no document {', '.join(missing)}.")
    return list(dict.fromkeys(ids))


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a document's id (a UUID)") from None
