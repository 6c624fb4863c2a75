"""The bridge: a blocking generator in a thread, read from the loop."""

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing

import pytest

from app.backends import blocking
from app.backends.blocking import iterate_in_thread

NAME = "a blocking source"
PATIENCE_SECONDS = 30


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may need longer for what takes microseconds."""
    monkeypatch.setattr(blocking, "_END_SECONDS", PATIENCE_SECONDS)


class Source:
    """Yields `items`, then ends, fails or blocks until it is interrupted; knows what became of it."""

    def __init__(self, *items: int, error: BaseException | None = None, is_endless: bool = False) -> None:
        self.items, self.error, self.is_endless = items, error, is_endless
        self.interrupted, self.closed, self.blocked = threading.Event(), threading.Event(), threading.Event()
        self.yielded = 0
        self.threads: set[str] = set()

    def __call__(self) -> Generator[int]:
        self.threads.add(threading.current_thread().name)
        try:
            for item in self.items:
                self.yielded += 1
                yield item
            if self.error:
                raise self.error
            if self.is_endless:
                self.blocked.set()
                assert self.interrupted.wait(PATIENCE_SECONDS)
                raise ConnectionError("cut")
        finally:
            self.threads.add(threading.current_thread().name)
            self.closed.set()

    def stream(self) -> AsyncGenerator[int]:
        return iterate_in_thread(self, self.interrupted.set, NAME)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.001)


def has_no_thread() -> bool:
    return NAME not in {thread.name for thread in threading.enumerate()}


async def test_items_arrive_in_order_from_a_thread_of_that_name() -> None:
    source = Source(*range(100))
    async with aclosing(source.stream()) as items:
        assert [item async for item in items] == list(range(100))
    assert source.threads == {NAME}
    await until(has_no_thread)


async def test_an_error_arrives_after_the_items_before_it() -> None:
    source, arrived = Source(1, 2, error=ValueError("broken")), []
    with pytest.raises(ValueError, match="broken"):
        async for item in source.stream():
            arrived.append(item)
    assert arrived == [1, 2]
    assert source.closed.is_set()


async def test_even_what_ends_programs_arrives_as_an_error() -> None:
    """A SystemExit that stayed in the thread would leave its reader waiting for ever."""
    with pytest.raises(SystemExit):
        await anext(Source(error=SystemExit(1)).stream())


async def test_closing_interrupts_a_source_that_blocks_and_waits_for_its_end() -> None:
    source = Source(1, is_endless=True)
    items = source.stream()
    assert await anext(items) == 1
    await items.aclose()
    assert source.closed.is_set()
    await until(has_no_thread)


async def test_cancelling_the_task_interrupts_a_source_that_never_said_anything() -> None:
    source = Source(is_endless=True)
    task = asyncio.create_task(anext(source.stream()))
    await until(source.blocked.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed.is_set()
    await until(has_no_thread)


async def test_closing_before_the_first_item_starts_nothing() -> None:
    source = Source(1)
    await source.stream().aclose()
    assert source.threads == set()


async def test_a_slow_reader_holds_the_source_back() -> None:
    source = Source(*range(10_000))
    async with aclosing(source.stream()) as items:
        assert await anext(items) == 0
        await until(lambda: source.yielded == 18)  # 16 ahead, the one that was read, and one in its hands
        await asyncio.sleep(0)
        assert source.yielded == 18
    assert source.closed.is_set()
    await until(has_no_thread)


async def test_a_source_that_cannot_be_interrupted_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(blocking, "_END_SECONDS", 0.01)
    source = Source(1, is_endless=True)
    caplog.set_level("INFO")
    items = iterate_in_thread(source, lambda: None, NAME)
    assert await anext(items) == 1
    await items.aclose()
    assert not source.closed.is_set()
    assert "ends later" in caplog.text
    source.interrupted.set()
    await until(has_no_thread)


def test_a_loop_that_ends_leaves_no_thread() -> None:
    source = Source(1, is_endless=True)

    async def abandon() -> None:
        assert await anext(items) == 1

    items = source.stream()
    asyncio.run(abandon())  # closes asynchronous generators, too
    assert source.closed.wait(PATIENCE_SECONDS)


def test_a_loop_that_is_closed_under_it_ends_the_thread_at_its_next_item() -> None:
    proceed = threading.Event()
    source = Source()

    def hesitate() -> Generator[int]:
        try:
            yield 1
            assert proceed.wait(PATIENCE_SECONDS)
            yield 2
        finally:
            source.closed.set()

    loop = asyncio.new_event_loop()
    items = iterate_in_thread(hesitate, proceed.set, NAME)
    assert loop.run_until_complete(anext(items)) == 1
    loop.close()
    proceed.set()
    assert source.closed.wait(PATIENCE_SECONDS)


async def test_an_abandoned_generator_is_closed_when_it_is_collected() -> None:
    source = Source(1, is_endless=True)
    items = source.stream()
    assert await anext(items) == 1
    del items
    gc.collect()
    await until(source.closed.is_set)
    await until(has_no_thread)
