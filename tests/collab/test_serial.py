"""The journal's thread: in order, to its end, and with no harm from those who do not wait."""

import asyncio
from functools import partial
from threading import Event, current_thread

import pytest

from collab.serial import SerialExecutor


def _signed(number: int) -> tuple[int, str]:
    return number, current_thread().name


async def test_what_it_is_given_is_done_in_order_on_one_thread() -> None:
    executor = SerialExecutor("journal")
    done = await asyncio.gather(*(executor.run(partial(_signed, n)) for n in range(20)))
    executor.close(lambda: None)
    assert done == [(n, "journal") for n in range(20)]


async def test_an_error_is_for_who_waits_and_the_thread_goes_on() -> None:
    executor = SerialExecutor("journal")
    with pytest.raises(ZeroDivisionError):
        await executor.run(lambda: 1 // 0)
    assert await executor.run(lambda: 1) == 1
    executor.close(lambda: None)


async def test_what_nobody_waits_for_any_more_is_done_all_the_same() -> None:
    executor, go, done = SerialExecutor("journal"), Event(), Event()

    def wait_and_do() -> None:
        go.wait(5)
        done.set()

    waiting = asyncio.create_task(executor.run(wait_and_do))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    go.set()
    assert await executor.run(done.is_set)
    executor.close(lambda: None)


async def test_what_was_ordered_comes_before_the_end() -> None:
    executor, first, last = SerialExecutor("journal"), Event(), Event()
    begun = asyncio.create_task(executor.run(first.set))
    await asyncio.sleep(0)
    in_order: list[bool] = []

    def end() -> None:
        in_order.append(first.is_set())
        last.set()

    executor.close(end)
    assert await asyncio.to_thread(last.wait, 5)
    await begun
    assert in_order == [True]


def test_a_loop_that_is_closed_hears_nothing_and_the_thread_ends() -> None:
    executor, go, ended = SerialExecutor("journal"), Event(), Event()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(executor.run(lambda: go.wait(5)))
    loop.run_until_complete(asyncio.sleep(0))
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()
    go.set()
    executor.close(ended.set)
    assert ended.wait(5)
