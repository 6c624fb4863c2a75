"""How far the fetching is, on standard error: one line that moves on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 24
TERMINAL_SECONDS = 0.2
LOG_SECONDS = 10.0


class Progress:
    """Counts bytes of a known total. `reused_bytes` lay on the volume already and do not count for the speed."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream.isatty()
        self._every_seconds = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        self._total_bytes = self._done_bytes = self._reused_bytes = 0
        self._started = self._shown = clock()

    def begin(self, total_bytes: int, reused_bytes: int) -> None:
        """Start to count towards `total_bytes`, of which `reused_bytes` are there."""
        self._total_bytes, self._done_bytes, self._reused_bytes = total_bytes, reused_bytes, reused_bytes
        self._started = self._clock()
        self._show()

    def advance(self, count_bytes: int) -> None:
        """Count bytes that arrived; a negative number takes back what must be fetched again."""
        self._done_bytes += count_bytes
        self._reused_bytes = min(self._reused_bytes, self._done_bytes)
        if self._clock() - self._shown >= self._every_seconds:
            self._show()

    def say(self, sentence: str) -> None:
        """Write a whole line, below what was shown."""
        self._stream.write(("\r\x1b[K" if self._is_terminal else "") + sentence + "\n")
        self._stream.flush()

    def end(self) -> None:
        self._show()
        if self._is_terminal:
            self._stream.write("\n")

    def _show(self) -> None:
        self._shown = self._clock()
        start, end = ("\r", "\x1b[K") if self._is_terminal else ("", "\n")
        self._stream.write(start + self._line() + end)
        self._stream.flush()

    def _line(self) -> str:
        share = self._done_bytes / self._total_bytes if self._total_bytes else 1.0
        bar = "█" * int(share * WIDTH) + "·" * (WIDTH - int(share * WIDTH))
        line = f"{bar} {share:4.0%}  {readable(self._done_bytes)} of {readable(self._total_bytes)}"
        seconds, fetched_bytes = self._shown - self._started, self._done_bytes - self._reused_bytes
        if seconds < 1 or fetched_bytes <= 0:
            return line
        speed = fetched_bytes / seconds
        return f"{line}  {readable(speed)}/s  {(self._total_bytes - self._done_bytes) / speed:.0f} s left"


def readable(count_bytes: float) -> str:
    """Return a size as a person reads it, such as 14.5 GB (powers of 1000, as volumes are sold)."""
    for unit in ("B", "kB", "MB"):
        if count_bytes < 1000:
            return f"{count_bytes:.0f} {unit}" if unit != "MB" else f"{count_bytes:.1f} {unit}"
        count_bytes /= 1000
    return f"{count_bytes:.1f} GB"
