"""The way of one stream's events from the engine's thread to its reader on the event loop.

A reader takes whatever has arrived since it last looked, joined into one delta: a fast reader gets every token at
once, a slow one fewer and larger pieces. Nobody ever waits in order to join.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from model_server.engine.request import StreamEvent, TextDelta


class Channel:
    """All methods are called on the event loop."""

    def __init__(self) -> None:
        self._events: list[StreamEvent] = []
        self._has_events = asyncio.Event()

    def put(self, events: Iterable[StreamEvent]) -> None:
        self._events.extend(events)
        if self._events:
            self._has_events.set()

    async def take(self) -> list[StreamEvent]:
        """Wait for an event and return all there are, neighbouring texts joined."""
        await self._has_events.wait()
        self._has_events.clear()
        events, self._events = self._events, []
        return _joined(events)


Batch = list[tuple[Channel, list[StreamEvent]]]  # what one step gives to each reader


def deliver(batch: Batch) -> None:
    """Give each reader what one step made for it."""
    for channel, events in batch:
        channel.put(events)


def _joined(events: list[StreamEvent]) -> list[StreamEvent]:
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    last: list[StreamEvent] = [event for event in events if not isinstance(event, TextDelta)]
    return [TextDelta(text), *last] if text else last
