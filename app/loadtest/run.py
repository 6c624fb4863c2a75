"""A whole run, in the order in which it happens: cell after cell, until the table is full or something is wrong."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.backends.base import Backend
from app.errors import ChatError
from app.generation import ModelDescription
from app.loadtest.errors import CellStopped
from app.loadtest.fit import reason_not_to_fit
from app.loadtest.measure import CellMeasurement
from app.loadtest.plan import CellKey, Plan
from app.loadtest.progress import Progress
from app.loadtest.questions import Questions
from app.loadtest.results import Cell, CellState

INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Run:
    """Owns what was found; it can be read at any time, also after the task that measures was cancelled."""

    backend: Backend
    model: ModelDescription
    plan: Plan
    progress: Progress
    stopped: str = ""
    _cells: dict[CellKey, Cell] = field(default_factory=dict)
    _reasons: dict[int, str] = field(default_factory=dict)  # why no cell of this row is measured from here on

    async def measure(self) -> None:
        """Raises nothing but CancelledError: whatever ends it early is in `stopped`."""
        questions = Questions.for_model(self.model, self.plan.seed, self.plan.output_tokens)
        try:
            for key in self.plan.keys:
                if key.input_words not in self._reasons:
                    self._reasons[key.input_words] = await reason_not_to_fit(
                        self.backend, self.model, questions, self.plan, key.input_words
                    )
                await self._measure(CellMeasurement(self.backend, questions, self.plan, key, self.progress))
        except ChatError as error:
            self.stopped = error.user_message
        except asyncio.CancelledError:
            self.stopped = INTERRUPTED
            raise

    def cells(self) -> Iterator[Cell]:
        """All cells of the plan, those too that were not reached."""
        for key in self.plan.keys:
            yield self._cells.get(key) or Cell(key, CellState.NOT_MEASURED, "the run had ended")

    async def _measure(self, measurement: CellMeasurement) -> None:
        words = measurement.key.input_words
        if reason := self._reasons[words]:
            self._add(measurement.cell(CellState.NOT_MEASURED, reason))
            return
        await measurement.warm_up()
        self.progress.begin(measurement.key)
        try:
            await measurement.run()
        except CellStopped as stop:
            self._add(measurement.cell(CellState.PARTIAL, stop.user_message))
            if not stop.is_overload:
                raise
            self._reasons[words] = f"{measurement.key.load} were already too many"
        except asyncio.CancelledError:
            self._add(measurement.cell(CellState.PARTIAL, INTERRUPTED))
            raise
        else:
            self._add(measurement.cell(CellState.MEASURED))

    def _add(self, cell: Cell) -> None:
        self._cells[cell.key] = cell
        self.progress.end(cell)
