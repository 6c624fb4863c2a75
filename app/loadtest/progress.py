"""What is said while it is measured: the contract, and plain lines for where no terminal listens."""

from collections.abc import Callable
from typing import Protocol

from app.loadtest.answer import Answer
from app.loadtest.plan import CellKey
from app.loadtest.results import Cell
from app.loadtest.tables import number


class Progress(Protocol):
    def begin(self, key: CellKey) -> None:
        """This cell is measured from now on, warm-up over."""

    def answered(self, answer: Answer) -> None:
        """A question of it came to an end. Must be quick: it is on the clock."""

    def end(self, cell: Cell) -> None:
        """What was found of it, if anything."""


class PlainProgress:
    """A line for each cell that has ended."""

    def __init__(self, write_line: Callable[[str], None]) -> None:
        self._write_line = write_line

    def begin(self, key: CellKey) -> None:
        """Nothing is known yet."""

    def answered(self, answer: Answer) -> None:
        """A line for each would be too many."""

    def end(self, cell: Cell) -> None:
        self._write_line(describe_cell(cell))


def describe_cell(cell: Cell) -> str:
    """The main figures of a cell in a line."""
    figures = cell.figures
    if figures is None:
        return f"{cell.key}: – ({cell.reason})"
    parts = [
        f"{figures.answered} of {figures.requests} answered",
        f"{number(figures.tokens_per_second, 1)} tokens/s",
        f"{number(figures.latency_milliseconds_per_token, 1)} ms/token",
    ]
    if cell.reason:
        parts.append(cell.reason)
    return f"{cell.key}: {', '.join(parts)}"
