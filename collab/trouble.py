"""What an error of the database says about the next try: by its code, never by its text.

PostgreSQL's codes are in its manual, appendix A; SQLite's in its "Result and Error Codes".
"""

import sqlite3
from enum import Enum

CONFLICTS = ("40", "55P03")  # serialization, deadlock; a lock that was not to be had
CLOSED = ("08", "25006", "53100", "53300", "57P")  # gone, a standby, a full disk, too many connections, going
SQLITE_CLOSED = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
}


class Trouble(Enum):
    """CONFLICT: it met another transaction; the same at once may succeed. CLOSED: nothing can be committed just now,
    whoever asks. UNKNOWN: the database may be down, or it may be what we asked.
    """

    CONFLICT = "conflict"
    CLOSED = "closed"
    UNKNOWN = "unknown"


def trouble_of(error: Exception) -> Trouble:
    """What is the matter, from an error of Django's with the driver's as its cause."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if state.startswith(CONFLICTS):
        return Trouble.CONFLICT
    if state.startswith(CLOSED):
        return Trouble.CLOSED
    if isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_CLOSED:
        return Trouble.CLOSED
    return Trouble.UNKNOWN
