"""Stop strings in a growing text: never emitted, found across token boundaries.

Text that could still become a stop string is held back until it is decided. Does not know of tokens.
"""

from __future__ import annotations


class StopFilter:
    """Feed it text; what comes out is safe to show."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._longest = max((len(stop) for stop in stops), default=0)
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Return the text that is decided, and whether a stop string was reached (which ends the answer)."""
        if not self._stops:
            return text, False
        pending = self._held + text
        found = [index for stop in self._stops if (index := pending.find(stop)) >= 0]
        if found:
            self._held = ""
            return pending[: min(found)], True
        decided = len(pending) - self._undecided_length(pending)
        self._held = pending[decided:]
        return pending[:decided], False

    def flush(self) -> str:
        """Return what was held back: the text has ended, so it did not become a stop string."""
        held, self._held = self._held, ""
        return held

    def _undecided_length(self, pending: str) -> int:
        for length in range(min(len(pending), self._longest - 1), 0, -1):
            tail = pending[-length:]
            if any(stop.startswith(tail) for stop in self._stops):
                return length
        return 0
