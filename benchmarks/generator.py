"""The load generator: a Node process on a core of its own, told what to do line by line (`load/main.mjs`)."""

import json
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .pinning import GENERATOR_CORE, pinned

LOAD = Path(__file__).parent / "load"


class OrderFailed(Exception):
    """The generator could not do what it was told: the server refused, was too slow, or lost something."""

    def __init__(self, order: str, error: str) -> None:
        self.order, self.error = order, error
        super().__init__(f"{order}: {error}")


class Generator:
    """`order(name, ...)` does it and returns its answer."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._process = subprocess.Popen(
            pinned(["node", "--expose-gc", "--max-old-space-size=4096", str(LOAD / "main.mjs")], GENERATOR_CORE),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip

    def order(self, name: str, **rest: Any) -> dict[str, Any]:
        """What the generator answers. Raises `OrderFailed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"order": name, **rest}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise OrderFailed(name, self._errors.read().decode(errors="replace")[-2000:])
        answer = json.loads(line)
        if "error" in answer:
            raise OrderFailed(name, answer["error"])
        return answer["ok"] or {}

    def close(self) -> None:
        """End it, at once."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
