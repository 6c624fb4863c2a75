"""Waiting for an endpoint, with a sign of life: one line that moves on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

LOOK_EVERY_SECONDS = 10.0
SAY_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Where to speak and how to wait, so that tests need not."""

    stream: TextIO
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def wait(self, look: Callable[[], str | None], until: Callable[[str | None], bool], limit_seconds: float) -> bool:
        """Look until what is seen is enough; return whether that came within the limit."""
        begun = self.clock()
        said: tuple[str | None, float] | None = None
        is_terminal = self.stream.isatty()
        while True:
            seen, passed = look(), self.clock() - begun
            if until(seen) or passed >= limit_seconds:
                self._end(is_terminal)
                return until(seen)
            if is_terminal or said is None or said[0] != seen or passed - said[1] >= SAY_EVERY_SECONDS:
                said = (seen, passed)
                self._show(
                    f"{seen or 'Gone'} for {duration(passed)}, of at most {duration(limit_seconds)}", is_terminal
                )
            self.sleep(min(LOOK_EVERY_SECONDS, limit_seconds - passed))

    def say(self, sentence: str) -> None:
        self.stream.write(sentence + "\n")
        self.stream.flush()

    def _show(self, line: str, is_terminal: bool) -> None:
        self.stream.write(f"\r{line}\x1b[K" if is_terminal else f"{line}\n")
        self.stream.flush()

    def _end(self, is_terminal: bool) -> None:
        self.stream.write("\r\x1b[K" if is_terminal else "")


def duration(seconds: float) -> str:
    """Return a time as a person reads it, such as 3 min 20 s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
