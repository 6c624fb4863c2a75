"""How requests ended, as counters that only grow. Written and read on the event loop."""

from __future__ import annotations

from model_server.engine.histogram import Histogram
from model_server.engine.observation import Outcome

DURATION_BOUNDS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class RequestStatistics:
    """Each request is counted once, probes and scrapes never."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(Outcome, 0)
        self.answer_seconds = Histogram(
            DURATION_BOUNDS_SECONDS
        )  # of complete answers: the others tell of something else

    def add(self, outcome: Outcome, duration_seconds: float) -> None:
        self.counts[outcome] += 1
        if outcome in (Outcome.STOP, Outcome.LENGTH):
            self.answer_seconds.observe(duration_seconds)
