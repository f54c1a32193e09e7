"""Brings the tables up to date once the database answers. Of several that start together, one does it and the others
wait: `migrate` itself does not look whether another one is under way.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
# Past a pgbouncer, which hands the lock's session to others.
os.environ["DATABASE_URL"] = os.environ.get("MIGRATE_DATABASE_URL") or os.environ.get("DATABASE_URL", "")

import django
from django.core.management import call_command
from django.db import OperationalError, connection

PATIENCE_S = 60  # a database that was started together with us
LOCK_S = 600  # somebody else's migration; longer is a lock that was left behind
NOT_LIBPQ = {"context", "cursor_factory", "prepare_threshold"}  # Django's and psycopg's own words
LOCK = 6_720_110_932  # any number that no other program of this database takes


def main() -> None:
    """Migrate, or end with a sentence."""
    django.setup()
    wait_for_database()
    if connection.vendor != "postgresql":  # one machine's file, one process: nobody to wait for
        call_command("migrate", interactive=False, verbosity=1)
        return
    import psycopg

    # A connection of its own, for Django may close the one it migrates by. Closing it gives the lock back.
    given = {name: value for name, value in connection.get_connection_params().items() if name not in NOT_LIBPQ}
    with psycopg.connect(**given, autocommit=True) as holder:
        holder.execute(f"SET lock_timeout = '{LOCK_S}s'")
        holder.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        call_command("migrate", interactive=False, verbosity=1)


def wait_for_database() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError as error:
            if time.monotonic() > deadline:
                sys.exit(f"The database does not answer: {error}")
            connection.close()
            time.sleep(0.5)


if __name__ == "__main__":
    main()
