"""A process beside the servers that changes rights, as an operator's shell or a management command would.

`python -m tests.faults.deputy` reads lines of JSON strings, each a piece of Python that leaves its answer in `result`,
and runs them one by one with the names of `tests.seed` at hand.
"""

import asyncio
import json
import subprocess
import sys
import textwrap
from types import TracebackType
from typing import Any, Self

from tests.seed import PRELUDE
from tests.servers import ROOT, app_env

MORE = """
def doc(pk):
    return Document.objects.get(pk=pk)

def under_lock(pk, act):
    '''Do it, and tell the newest row of the log that was there before: what comes later was committed later.'''
    with transaction.atomic():
        head = Document.objects.select_for_update().get(pk=pk).head_seq
        act()
        return head
"""


class Deputy:
    """The process, and the way to it: `await deputy("result = 1")`."""

    def __init__(self, *, database_url: str, redis_url: str = "", env: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.deputy"],
            cwd=ROOT,
            env=app_env(database_url=database_url, redis_url=redis_url, env={"LOG_LEVEL": "WARNING", **(env or {})}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    async def __call__(self, code: str) -> Any:
        """The value of `result`. Raises `RuntimeError` with what went wrong there."""
        answer = await asyncio.to_thread(self._ask, textwrap.dedent(code))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def _ask(self, code: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def main() -> None:
    """Answer until the input ends."""
    import traceback

    import django

    django.setup()
    names: dict[str, Any] = {}
    exec(PRELUDE + MORE, names)
    for line in sys.stdin:
        try:
            names["result"] = None
            exec(json.loads(line), names)
            answer = {"result": names["result"]}
        except Exception:  # noqa: BLE001 - whatever it is, the asker is told
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
