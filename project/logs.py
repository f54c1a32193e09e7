"""What the log leaves out."""

import logging


class Sentence(logging.Filter):
    """Keeps the message and drops the traceback: for what strangers cause at will, and the message says all about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True
