"""Turns a stream of events into batches that a browser can keep up with.

The first event goes out at once, later ones at most one batch a frame, and an empty batch while the model is silent:
Gradio notices a closed tab only when something is yielded (measured: without it a silent answer leaked for 27 seconds).
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TypeVar

Event = TypeVar("Event")

KEEP_ALIVE_SECONDS = 1.0


def frame_seconds_for(messages: int) -> float:
    """How long a batch gathers. A browser redraws the whole list, so long chats get fewer frames (measured: 20 frames
    a second saturate it at 50 turns)."""
    if messages < 40:
        return 1 / 15
    return 1 / 10 if messages < 120 else 1 / 6


async def paced(
    events: AsyncGenerator[Event],
    stop: asyncio.Event,
    frame_seconds: float,
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
) -> AsyncGenerator[list[Event]]:
    """Batches of `events` until they end or `stop` is set; an error is raised after what came before it was yielded.

    Owns `events`: however this generator ends, they are closed by then, and with them the request to the model.
    """
    arrived: list[Event] = []
    news = asyncio.Event()  # something arrived, the events ended, or Stop was pressed

    async def pump() -> None:
        async with aclosing(events):
            async for event in events:
                arrived.append(event)
                news.set()

    pumping, stopping = asyncio.create_task(pump()), asyncio.create_task(stop.wait())
    for task in (pumping, stopping):
        task.add_done_callback(lambda _: news.set())
    try:
        while not stop.is_set() and not (pumping.done() and not arrived):
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), keep_alive_seconds)
            news.clear()
            batch = arrived.copy()
            arrived.clear()
            yield batch
            await asyncio.wait({pumping, stopping}, timeout=frame_seconds, return_when=asyncio.FIRST_COMPLETED)
        if arrived:
            yield arrived.copy()
    finally:
        stopping.cancel()
        pumping.cancel()
        await asyncio.wait({pumping, stopping})
    if not pumping.cancelled():
        pumping.result()  # raises what the events raised
