"""The time that all processes agree on: the database's, whatever the clocks of their machines say."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """What time it is. For leases and for what is deleted for good: a clock that is ahead would do either too early.

    One query. It goes on within a transaction. SQLite has the clock of the machine that its file is on, which is ours.
    """
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')" if sqlite else "SELECT clock_timestamp()")
        found = cursor.fetchone()[0]
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if sqlite else found.astimezone(UTC)
