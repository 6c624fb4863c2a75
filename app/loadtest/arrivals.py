"""When questions come in an open loop: a Poisson process. Pure."""

from collections.abc import Iterator
from random import Random


def poisson_arrivals(per_second: float, seconds: float, source: Random) -> Iterator[float]:
    """Seconds from the beginning, each before `seconds`; the gaps are independent and exponentially distributed."""
    at_seconds = source.expovariate(per_second)
    while at_seconds < seconds:
        yield at_seconds
        at_seconds += source.expovariate(per_second)
