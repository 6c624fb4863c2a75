"""Which sessions have an answer under way, and how Stop reaches it.

A click on Send becomes three calls from the browser (accept, stream, settle), and nothing keeps a person from pressing
Enter again between them: the calls of two clicks arrive in any order. The first accept begins an answer, exactly one
stream claims it, and only that stream ends it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# An answer that no stream has claimed by then lost its call on the way; a new one may take its place.
_CLAIM_SECONDS = 10.0


@dataclass
class _Running:
    begun_seconds: float
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    is_claimed: bool = False


class RunningAnswers:
    """At most one answer for each session. Stop is a request: the answer ends itself, and keeps what it has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._running: dict[str, _Running] = {}
        self._clock = clock

    def begin(self, session: str) -> bool:
        """False where one is under way already."""
        running = self._running.get(session)
        if running is not None and (running.is_claimed or self._clock() - running.begun_seconds < _CLAIM_SECONDS):
            return False
        self._running[session] = _Running(self._clock())
        return True

    def claim(self, session: str) -> asyncio.Event | None:
        """What Stop sets, perhaps already before; None where no answer was begun, or another stream makes it."""
        running = self._running.get(session)
        if running is None or running.is_claimed:
            return None
        running.is_claimed = True
        return running.stop

    def end(self, session: str, stop: asyncio.Event) -> None:
        """The answer that was claimed with this event has ended; one that began since then goes on."""
        if self.is_under_way(session, stop):
            del self._running[session]

    def stop(self, session: str) -> None:
        if session in self._running:
            self._running[session].stop.set()

    def forget(self, session: str) -> None:
        """Nobody waits for this session's answer any more."""
        self.stop(session)
        self._running.pop(session, None)

    def is_under_way(self, session: str, stop: asyncio.Event | None = None) -> bool:
        """Any answer, or the one that was claimed with this event."""
        running = self._running.get(session)
        return running is not None and (stop is None or running.stop is stop)
