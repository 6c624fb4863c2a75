"""Where an answer is under way, and how Stop reaches it. A place is a session's pane.

A click on Send becomes three calls from the browser (accept, stream, settle), and nothing keeps a person from pressing
Enter again between them: the calls of two clicks arrive in any order. The first accept begins an answer, exactly one
stream claims it, and only that stream ends it.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

# An answer that no stream has claimed by then lost its call on the way; a new one may take its place.
_CLAIM_SECONDS = 10.0


@dataclass
class _Running:
    begun_seconds: float
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    is_claimed: bool = False


class RunningAnswers:
    """At most one answer at each place. Stop is a request: the answer ends itself, and keeps what it has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._running: dict[Hashable, _Running] = {}
        self._clock = clock

    def begin(self, *places: Hashable) -> bool:
        """At all of these places; at none, and False, where one is under way at any of them already."""
        if any(self._is_taken(place) for place in places):
            return False
        for place in places:
            self._running[place] = _Running(self._clock())
        return True

    def _is_taken(self, place: Hashable) -> bool:
        running = self._running.get(place)
        return running is not None and (running.is_claimed or self._clock() - running.begun_seconds < _CLAIM_SECONDS)

    def claim(self, place: Hashable) -> asyncio.Event | None:
        """What Stop sets, perhaps already before; None where no answer was begun, or another stream makes it."""
        running = self._running.get(place)
        if running is None or running.is_claimed:
            return None
        running.is_claimed = True
        return running.stop

    def end(self, place: Hashable, stop: asyncio.Event) -> None:
        """The answer that was claimed with this event has ended; one that began since then goes on."""
        if self.is_under_way(place, stop):
            del self._running[place]

    def stop(self, place: Hashable) -> None:
        if place in self._running:
            self._running[place].stop.set()

    def forget(self, place: Hashable) -> None:
        """Nobody waits for the answer at this place any more."""
        self.stop(place)
        self._running.pop(place, None)

    def is_under_way(self, place: Hashable, stop: asyncio.Event | None = None) -> bool:
        """Any answer, or the one that was claimed with this event."""
        running = self._running.get(place)
        return running is not None and (stop is None or running.stop is stop)
