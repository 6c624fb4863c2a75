"""Runs an async context on an event loop in a thread of its own, for tests whose client blocks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from queue import SimpleQueue
from typing import TypeVar

Value = TypeVar("Value")


@contextmanager
def in_thread(build: Callable[[], AbstractAsyncContextManager[Value]]) -> Iterator[Value]:
    """Give what the context gives, and leave the context in its thread at the end. `build` runs on the loop."""
    entered: SimpleQueue[Value | BaseException] = SimpleQueue()
    loop = asyncio.new_event_loop()
    leaving = asyncio.Event()

    async def live() -> None:
        try:
            async with build() as value:
                entered.put(value)
                await leaving.wait()
        except BaseException as error:
            entered.put(error)
            raise

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), name="local-sagemaker")
    thread.start()
    try:
        value = entered.get()
        if isinstance(value, BaseException):
            raise value
        yield value
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(leaving.set)
        thread.join()
        loop.close()
