"""Work that many may wait for at once, and that is done once. It knows nothing of what the work is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SharedWork(Generic[Result]):
    """Who comes while it is under way waits for the same result, or gets the same error."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Result]] = {}

    async def result(self, key: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Who stops waiting does not stop the others: the work goes on."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(_done(work))
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Ends what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: str, task: asyncio.Task[Result]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # perhaps nobody waits any more, and asyncio would complain that nobody looked


async def _done(work: Callable[[], Awaitable[Result]]) -> Result:
    return await work()
