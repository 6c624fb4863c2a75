"""A histogram of plain integers: cheap enough to be kept in every step, and read by another thread.

One thread writes, any thread reads: nothing is locked. A reader's counts are those of one moment; its sum may be one
observation ahead or behind. Does not know of names, labels or formats.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class HistogramSnapshot:
    """`cumulative_counts[i]` values were at most `bounds[i]`; the last count, which has no bound, is of all values."""

    bounds: tuple[float, ...]
    cumulative_counts: tuple[int, ...]
    sum: float

    @property
    def count(self) -> int:
        return self.cumulative_counts[-1]


class Histogram:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds  # ascending
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float, count: int = 1) -> None:
        """Add the same value `count` times, for the price of once."""
        self._counts[bisect_left(self._bounds, value)] += count
        self._sum += value * count

    def snapshot(self) -> HistogramSnapshot:
        return HistogramSnapshot(self._bounds, tuple(accumulate(list(self._counts))), self._sum)
