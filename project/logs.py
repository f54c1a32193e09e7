"""How lines of the log look, and what they leave out.

A line has what is listed here and nothing else: what libraries hang on their records (requests, SQL) may hold content.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from permissions.trace import trace

# From DETAIL to what PostgreSQL, or Python's traceback, says next.
ROW = re.compile(
    r"^DETAIL:.*?(?=^(?:HINT|CONTEXT|QUERY|LINE \d+):|^The above exception|^During handling|^Traceback|\Z)",
    re.MULTILINE | re.DOTALL,
)
# The part of an address that opens something: of an invitation, a reset of a password, a mail's way out, a link.
# deploy/nginx/http.conf has the same for its access log.
SECRET = re.compile(r"(/invitations/|/unsubscribe/|/reset/[^/\s]+/|[?&]key=)[^/\s&\"']+")


class Sentence(logging.Filter):
    """Keeps the message and drops the traceback: for what strangers cause at will, and the message says all about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


class Trace(logging.Filter):
    """Adds the id of the request or socket that the line is about, as `trace`; `-` where it is about none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.trace = getattr(record, "trace", "") or trace.get() or "-"
        return True


class Line(logging.Formatter):
    """For people: one line, and a traceback where there is one."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {trace} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return without_rows(super().formatException(ei))


class JsonLine(logging.Formatter):
    """For programs: one JSON object a line. `time` is UTC (ISO 8601), `trace` the request's or socket's id, `error` a
    traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "process": record.process,
        }
        if (of := getattr(record, "trace", "-")) != "-":
            said["trace"] = of
        if record.exc_info:
            said["error"] = without_secrets(without_rows(self.formatException(record.exc_info)))
        return json.dumps(said, ensure_ascii=False)


def without_rows(text: str) -> str:
    """Without what PostgreSQL says of the row that broke a rule: that is somebody's words, on however many lines."""
    return ROW.sub("", text)


def without_secrets(text: str) -> str:
    """Without what opens something for whoever reads it in an address."""
    return SECRET.sub(r"\1...", text)
