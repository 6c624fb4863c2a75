"""Which sessions have an answer under way, and how Stop reaches it.

A click on Send becomes three calls from the browser (accept, stream, settle), and nothing keeps a person from pressing
Enter again between them: the first call begins an answer, exactly one stream claims it, its end frees the page.
"""

import asyncio
from dataclasses import dataclass, field


@dataclass
class _Running:
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    is_claimed: bool = False


class RunningAnswers:
    """At most one answer for each session. Stop is a request: the answer ends itself, and keeps what it has."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    def begin(self, session: str) -> bool:
        """False where one is under way already."""
        if session in self._running:
            return False
        self._running[session] = _Running()
        return True

    def claim(self, session: str) -> asyncio.Event | None:
        """What Stop sets, perhaps already before; None where no answer was begun, or another stream makes it."""
        running = self._running.get(session)
        if running is None or running.is_claimed:
            return None
        running.is_claimed = True
        return running.stop

    def stop(self, session: str) -> None:
        if session in self._running:
            self._running[session].stop.set()

    def end(self, session: str) -> None:
        self._running.pop(session, None)

    def is_streaming(self, session: str) -> bool:
        return session in self._running and self._running[session].is_claimed
