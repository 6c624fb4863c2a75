"""The one bridge from a library that blocks: a generator runs in a thread of its own, and an async one hands on.

The thread reads at most a few items ahead of who takes them. Closing the async generator, cancelling its task or
leaving the loop interrupts the thread, which then closes the generator that it opened. The bridge knows neither what
the items are nor how their source is interrupted.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

logger = logging.getLogger(__name__)

_ITEMS_AHEAD = 16
# An interrupted thread ends within milliseconds, except where it looks up a name or credentials: those end by
# themselves, within their own timeouts, and nobody should wait for that.
_END_SECONDS = 0.5


async def iterate_in_thread(
    source: Callable[[], Generator[Item]], interrupt: Callable[[], None], name: str
) -> AsyncGenerator[Item]:
    """What `source()` yields, in order; raises what it raises. `source` runs wholly in a thread called `name`.

    `interrupt` makes the source's pending call end at once. It is called from the loop, when nobody wants more, in
    whatever state the source is: before its start and after its end too.
    """
    passage = _Passage[Item]()
    threading.Thread(target=passage.carry, args=(source,), name=name, daemon=True).start()
    try:
        while not isinstance(item := await passage.arrived.get(), _End):
            passage.room.release()
            yield item
    finally:
        passage.is_abandoned = True
        passage.room.release()
        interrupt()
        await passage.end(name)
    if item.error is not None:
        raise item.error


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


class _Passage(Generic[Item]):
    """Between the thread, which runs `carry`, and the loop, which has everything else."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._has_ended = asyncio.Event()
        self.arrived: asyncio.Queue[Item | _End] = asyncio.Queue()
        self.room = threading.Semaphore(_ITEMS_AHEAD)
        self.is_abandoned = False

    def carry(self, source: Callable[[], Generator[Item]]) -> None:
        error: BaseException | None = None
        try:
            with closing(source()) as items:
                for item in items:
                    self.room.acquire()
                    if self.is_abandoned:
                        return
                    self._loop.call_soon_threadsafe(self.arrived.put_nowait, item)
        except BaseException as raised:  # noqa: BLE001  it is raised again on the other side
            error = raised
        finally:
            with suppress(RuntimeError):  # a loop that was closed has nobody to tell
                self._loop.call_soon_threadsafe(self._accept_end, _End(error))

    def _accept_end(self, end: _End) -> None:
        self.arrived.put_nowait(end)
        self._has_ended.set()

    async def end(self, name: str) -> None:
        """Returns when the source is closed, or when waiting for that is no use."""
        if self._loop.is_closed():
            return
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._has_ended.wait()
        except TimeoutError:
            logger.info("%s ends later, by its own timeout", name)
