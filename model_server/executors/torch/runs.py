"""Divide the live slots of a decode step into runs of neighbours that are computed together.

A run is a view of the cache, never a copy: slots first to first + count, positions 0 to length. Cutting the length to
the longest sequence of the run, and not mixing one long sequence with short ones, was worth up to ten times in
measurements; copying slots together costs more than it saves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LENGTH_STEP = 128
RUN_COST_BYTES = 512 * 1024  # reading so much of the cache takes about as long as starting one more run


@dataclass(frozen=True, slots=True)
class Run:
    """Rows `row` to `row` + `count` of the step are the slots `slot` to `slot` + `count`."""

    row: int
    slot: int
    count: int
    length: int


def plan_runs(
    slots: Sequence[int], positions: Sequence[int], position_bytes: int, maximum_length: int
) -> tuple[Run, ...]:
    """Return runs that cover all rows. `slots` must ascend; a row attends to its positions 0 to `positions[row]`."""
    runs: list[Run] = []
    used = 0  # positions that the sequences of the last run would read one by one
    for row, (slot, position) in enumerate(zip(slots, positions, strict=True)):
        length = _rounded_up(position + 1, maximum_length)
        if runs and _pays_together(runs[-1], slot, length, used, position_bytes):
            last = runs.pop()
            runs.append(Run(last.row, last.slot, last.count + 1, max(last.length, length)))
            used += length
        else:
            runs.append(Run(row, slot, 1, length))
            used = length
    return tuple(runs)


def _rounded_up(length: int, maximum_length: int) -> int:
    return min(-(-length // LENGTH_STEP) * LENGTH_STEP, maximum_length)


def _pays_together(run: Run, slot: int, length: int, used: int, position_bytes: int) -> bool:
    if slot != run.slot + run.count:
        return False
    wasted_before = run.length * run.count - used
    wasted_after = max(run.length, length) * (run.count + 1) - used - length
    return (wasted_after - wasted_before) * position_bytes <= RUN_COST_BYTES
