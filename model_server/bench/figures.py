"""The arithmetic of the tables: percentiles, one cell's figures, medians over rounds. Pure.

Times are milliseconds from here on, because that is what the tables show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One target, with so many streams at once, in one round.

    `first_*`: from the request to the first text. `gap_*`: between two events with text. `client_share`: the part of
    one core that the load client used. Costs of the server are None where the system does not tell them.
    """

    streams: int
    tokens_per_second: float
    first_p50: float
    first_p99: float
    gap_p50: float
    gap_p99: float
    texts_per_token: float = 1.0
    client_share: float = 0.0
    server_cpu_milliseconds_per_token: float | None = None
    server_memory_megabytes: float | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie, straight between neighbours, as numpy's default does."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def summarize(
    streams: int, tokens: int, seconds: float, first_seconds: Sequence[float], gap_seconds: Sequence[float]
) -> Cell:
    """Return the figures of one cell; `seconds` is how long all its tokens took together."""
    return Cell(
        streams=streams,
        tokens_per_second=tokens / seconds,
        first_p50=percentile(first_seconds, 0.5) * MILLISECONDS,
        first_p99=percentile(first_seconds, 0.99) * MILLISECONDS,
        gap_p50=percentile(gap_seconds, 0.5) * MILLISECONDS,
        gap_p99=percentile(gap_seconds, 0.99) * MILLISECONDS,
        texts_per_token=(len(first_seconds) + len(gap_seconds)) / tokens,
    )


def median_cell(cells: Sequence[Cell]) -> Cell:
    """Return the median of each figure over the rounds."""
    columns = {name: [asdict(cell)[name] for cell in cells] for name in asdict(cells[0])}
    medians = {name: None if None in values else median(values) for name, values in columns.items()}
    return Cell(**{**medians, "streams": cells[0].streams})  # type: ignore[arg-type]  # None only where it may be


def median_ratio(cells: Sequence[Cell], others: Sequence[Cell]) -> float | None:
    """Return the median over rounds of the throughput against that of another target in the same round."""
    pairs = list(zip(cells, others, strict=False))
    return median(cell.tokens_per_second / other.tokens_per_second for cell, other in pairs) if pairs else None


def spread(cells: Sequence[Cell], figure: Callable[[Cell], float]) -> tuple[float, float]:
    """Return the least and the greatest of one figure over the rounds."""
    values = [figure(cell) for cell in cells]
    return min(values), max(values)
