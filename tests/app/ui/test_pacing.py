"""Batches for the browser, and who closes what."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from app.ui.pacing import frame_seconds_for, paced

TINY_SECONDS = 0.001


class Source:
    """Yields what it is given; then fails, ends, or stays silent."""

    def __init__(self, *events: int, error: Exception | None = None, is_endless: bool = False) -> None:
        self.events, self.error, self.is_endless, self.is_open = events, error, is_endless, False

    async def stream(self) -> AsyncGenerator[int]:
        self.is_open = True
        try:
            for event in self.events:
                yield event
            if self.error:
                raise self.error
            if self.is_endless:
                await asyncio.Event().wait()
        finally:
            self.is_open = False


async def test_every_event_arrives_in_order() -> None:
    async with aclosing(paced(Source(*range(100)).stream(), asyncio.Event(), TINY_SECONDS)) as batches:
        assert [event async for batch in batches for event in batch] == list(range(100))


async def test_events_that_come_together_go_out_together() -> None:
    async with aclosing(paced(Source(*range(100)).stream(), asyncio.Event(), 60)) as batches:
        assert len([batch async for batch in batches if batch]) <= 2


async def test_silence_gives_empty_batches_so_that_a_closed_tab_is_noticed() -> None:
    source = Source(1, is_endless=True)
    async with aclosing(paced(source.stream(), asyncio.Event(), TINY_SECONDS, TINY_SECONDS)) as batches:
        assert await anext(batches) == [1]
        assert await anext(batches) == []
        assert await anext(batches) == []
    assert not source.is_open


async def test_stop_ends_the_batches_and_closes_the_source_at_once() -> None:
    source, stop = Source(1, is_endless=True), asyncio.Event()
    async with aclosing(paced(source.stream(), stop, 60, 60)) as batches:
        assert await anext(batches) == [1]
        stop.set()
        assert [batch async for batch in batches] == []
        assert not source.is_open


async def test_what_arrived_just_before_stop_is_not_lost() -> None:
    stop, second = asyncio.Event(), asyncio.Event()

    async def stream() -> AsyncGenerator[int]:
        yield 1
        await second.wait()
        yield 2
        stop.set()
        await asyncio.Event().wait()

    async with aclosing(paced(stream(), stop, 60, 60)) as batches:
        assert await anext(batches) == [1]
        second.set()
        assert [event async for batch in batches for event in batch] == [2]


async def test_stop_before_the_first_event_ends_without_one() -> None:
    source, stop = Source(is_endless=True), asyncio.Event()
    stop.set()
    async with aclosing(paced(source.stream(), stop, 60, 60)) as batches:
        assert [event async for batch in batches for event in batch] == []
    assert not source.is_open


async def test_an_error_comes_after_what_came_before_it() -> None:
    seen: list[int] = []
    with pytest.raises(ZeroDivisionError):
        async with aclosing(paced(Source(1, 2, error=ZeroDivisionError()).stream(), asyncio.Event(), 60)) as batches:
            async for batch in batches:
                seen.extend(batch)
    assert seen == [1, 2]


async def test_cancelling_the_reader_closes_the_source() -> None:
    source = Source(1, is_endless=True)

    async def read() -> None:
        async with aclosing(paced(source.stream(), asyncio.Event(), 60, 60)) as batches:
            async for _ in batches:
                reading.set()

    reading = asyncio.Event()
    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    await asyncio.wait({task})
    assert not source.is_open


def test_long_chats_get_fewer_frames() -> None:
    assert frame_seconds_for(0) < frame_seconds_for(50) < frame_seconds_for(500)
