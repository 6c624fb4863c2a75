"""Ends a cell in which too much goes wrong: a target in trouble is left alone. Pure."""

from dataclasses import dataclass

from app.loadtest.answer import Answer, Outcome
from app.loadtest.errors import CellStopped

# Fewer may be chance.
_LEAST_ERRORS = 5


@dataclass(slots=True)
class ErrorLimit:
    """Questions that are still under way count as good: a refusal is quick, an answer takes its time."""

    share: float
    asked: int = 0
    refused: int = 0
    timed_out: int = 0
    failed: int = 0

    def ask(self) -> None:
        self.asked += 1

    def check(self, answer: Answer) -> None:
        """Raises CellStopped where this answer was one error too many."""
        self.refused += answer.outcome is Outcome.REFUSED
        self.timed_out += answer.outcome is Outcome.TIMED_OUT
        self.failed += answer.outcome is Outcome.FAILED
        errors = self.refused + self.timed_out + self.failed
        if errors >= _LEAST_ERRORS and errors > self.share * self.asked:
            overloads = self.refused + self.timed_out
            raise CellStopped(f"stopped at {errors} errors in {self.asked} questions ({self})", overloads > self.failed)

    def __str__(self) -> str:
        counts = {"refused": self.refused, "timed out": self.timed_out, "failed": self.failed}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
