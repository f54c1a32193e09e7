#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    os.environ.setdefault(
        "DATABASE_POOL_SIZE", "0"
    )  # a command uses one connection, and should fail at once without one
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        # Nearly always a server that is not there or a password that is wrong: a sentence, unless somebody debugs.
        if os.environ.get("DEBUG"):
            raise
        sys.exit(f"The database cannot be used: {' '.join(str(error).split())}")
