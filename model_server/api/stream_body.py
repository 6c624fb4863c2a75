"""The body of a streamed response: opened by its first bytes, kept alive while there is nothing to write.

The status can be sent only once, so it is sent as late as possible: with the first text, or with the first comment that
keeps the connection alive. Until then a failure can still have a status of its own. Does not know what it carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from starlette.types import Send

# No proxy may collect what we stream, and no browser may guess what it is.
HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}


class StreamBody:
    """Written by one task, and by its own one while that is silent."""

    def __init__(self, send: Send, media_type: str) -> None:
        self._send = send
        self._headers = {"content-type": media_type, **HEADERS}
        self._opening = asyncio.Lock()  # the status before the first bytes, whichever task comes first
        self._written_seconds = monotonic()
        self.is_open = False

    async def write(self, content: bytes) -> None:
        if not self.is_open:
            await self._open()
        await self._send({"type": "http.response.body", "body": content, "more_body": True})
        self._written_seconds = monotonic()

    async def end(self) -> None:
        """Say that the body is complete; a body without this is cut off, which a client can tell."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    @asynccontextmanager
    async def kept_alive(self, comment: bytes, interval_seconds: float) -> AsyncIterator[None]:
        """Write `comment` whenever nothing was written for so long; where it is empty, keep silent."""
        keeping = asyncio.create_task(self._keep_alive(comment, interval_seconds)) if comment else None
        try:
            yield
        finally:
            if keeping is not None:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)  # a lost connection is the other task's to see

    async def _keep_alive(self, comment: bytes, interval_seconds: float) -> None:
        """One timer for each interval, not one for each token."""
        pause_seconds = interval_seconds
        while True:
            await asyncio.sleep(pause_seconds)
            pause_seconds = self._written_seconds + interval_seconds - monotonic()
            if pause_seconds <= 0:
                pause_seconds = interval_seconds
                await self.write(comment)

    async def _open(self) -> None:
        async with self._opening:
            if not self.is_open:
                raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in self._headers.items()]
                await self._send({"type": "http.response.start", "status": 200, "headers": raw})
                self.is_open = True
