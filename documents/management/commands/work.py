"""`manage.py work`: background work in a process of its own, for `COSCRIBE_BACKGROUND=worker`."""

import logging
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, connection

from documents.worker import LOOK_INTERVAL_S, new_worker, work

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Do background work (compaction, packing, mail, the trash) until it is told to end. Several may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due and end, for cron")

    def handle(self, **options: Any) -> None:
        worker = new_worker()
        # SIGTERM and SIGINT: the job at hand is finished; a second one ends it, and somebody does it again later.
        worker.configure_signals()
        if options["once"]:
            work(worker)
            return
        logger.info("the worker begins")
        pause = threading.Event()  # never set: a signal ends the process while it waits
        while worker.running:
            try:
                work(worker)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("the worker stands still: the database does not answer (%s)", type(error).__name__)
                connection.close()
            if worker.running:
                pause.wait(LOOK_INTERVAL_S)
        logger.info("the worker ends")
