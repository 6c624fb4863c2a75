"""What a run has found: values that are shown, written and read again."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.loadtest.figures import Figures
from app.loadtest.plan import CellKey, Plan


class CellState(StrEnum):
    MEASURED = "measured"
    PARTIAL = "partial"  # ended before its time; its figures hold for what there was
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Cell:
    """`reason` says why there is not all of it; `figures` is None where there is nothing."""

    key: CellKey
    state: CellState
    reason: str = ""
    figures: Figures | None = None
    tokens_counted_here: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """On what it was made. Names of products and versions; never of people, hosts or folders."""

    backend: str
    model: str
    window_tokens: int
    date: str
    generator: dict[str, str]
    label: str


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run, its cells in the order of the plan. `stopped` is empty, or why it ended before its time."""

    plan: Plan
    circumstances: Circumstances
    cells: tuple[Cell, ...] = field(default=())
    stopped: str = ""

    def cell(self, key: CellKey) -> Cell:
        return next(cell for cell in self.cells if cell.key == key)
