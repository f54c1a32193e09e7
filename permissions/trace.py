"""The id of the request or the socket that is under way: in every line of the log, and in what a proxy logs of it."""

from contextvars import ContextVar

trace: ContextVar[str] = ContextVar("trace", default="")  # empty: nobody's, such as what is done by the clock
