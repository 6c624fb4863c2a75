"""The progress on a terminal, while it runs. rich lives here and nowhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.loadtest.answer import Answer
from app.loadtest.plan import CellKey
from app.loadtest.progress import PlainProgress, describe_cell
from app.loadtest.progress import Progress as ProgressContract
from app.loadtest.results import Cell

# Drawing takes a few milliseconds of the generator's own time.
_REFRESHES_PER_SECOND = 2


@contextmanager
def progress_on(stream: TextIO, cells: int) -> Iterator[ProgressContract]:
    """Live where `stream` is a terminal, else a plain line for each cell."""
    console = Console(file=stream)
    if not console.is_terminal:
        yield PlainProgress(lambda line: print(line, file=stream, flush=True))
        return
    with build_bar(console) as bar:
        yield LiveProgress(bar, cells)


def build_bar(console: Console) -> Progress:
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[figures]}"),
        console=console,
        refresh_per_second=_REFRESHES_PER_SECOND,
    )


class LiveProgress:
    """A bar over all cells with the running figures of the present one; above it a line for each that has ended."""

    def __init__(self, bar: Progress, cells: int) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=cells, figures="")
        self._began = time.monotonic()
        self._tokens = self._answered = self._errors = 0

    def begin(self, key: CellKey) -> None:
        self._began = time.monotonic()
        self._tokens = self._answered = self._errors = 0
        self._bar.update(self._task, description=str(key), figures="")

    def answered(self, answer: Answer) -> None:
        self._tokens += answer.output_tokens
        self._answered += answer.is_answered
        self._errors += not answer.is_answered
        rate = self._tokens / max(time.monotonic() - self._began, 0.001)
        figures = f"{self._answered} answers, {rate:,.0f} tokens/s, {self._errors} errors"
        self._bar.update(self._task, figures=figures)

    def end(self, cell: Cell) -> None:
        self._bar.console.print(describe_cell(cell), markup=False, highlight=False)
        self._bar.advance(self._task)
