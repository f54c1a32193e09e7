"""An executor of one thread, for the journal.

`concurrent.futures` has one, but at fifty edits a second all that it touches (two futures, a condition, a semaphore) is
cold each time: to its thread and back takes 200 us, with this 80.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

type Order = tuple[Callable[[], Any], asyncio.Future[Any] | None]


class SerialExecutor:
    """Calls what it is given on one thread, in that order. The thread ends with the process: what it is in the middle
    of then is, to the database, what a crash would leave.
    """

    def __init__(self, name: str) -> None:
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        Thread(target=self._work, name=name, daemon=True).start()

    async def run[T](self, call: Callable[[], T]) -> T:
        """What `call` returns, or raises. It is called even if nobody waits for it any more."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._orders.put((call, done))
        return await done

    def close(self, last: Callable[[], object]) -> None:
        """The end, after what was ordered and then `last`."""
        self._orders.put((last, None))
        self._orders.put(None)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            call, done = order
            result, error = None, None
            try:
                result = call()
            except BaseException as raised:  # noqa: BLE001 - it is for whoever waits
                error = raised
            if done is not None:
                with suppress(RuntimeError):  # the loop is closed, so nobody waits
                    done.get_loop().call_soon_threadsafe(_end, done, result, error)
            del order, call, done, result, error  # nothing is held while the thread waits


def _end(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if done.done():  # cancelled
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
