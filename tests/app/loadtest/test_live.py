"""The progress, on a terminal and elsewhere."""

import io

from rich.console import Console

from app.generation import Usage
from app.loadtest.answer import Answer, Outcome
from app.loadtest.live import LiveProgress, build_bar, progress_on
from app.loadtest.plan import CellKey, Users
from app.loadtest.progress import PlainProgress
from tests.app.loadtest.finished_runs import finished_run

KEY = CellKey(16, Users(1))
CELL = finished_run().cells[0]


def test_without_a_terminal_each_cell_is_a_line() -> None:
    output = io.StringIO()
    with progress_on(output, 2) as progress:
        assert isinstance(progress, PlainProgress)
        progress.begin(KEY)
        progress.answered(Answer(0.0, 0.0, 1.0))
        for cell in finished_run().cells[1:4]:
            progress.end(cell)
    assert output.getvalue().splitlines() == [
        "16 words, 2 users: 1 of 2 answered, 5.0 tokens/s, 200.0 ms/token",
        "16 words, 4 users: 1 of 2 answered, 1.2 tokens/s, 800.0 ms/token, interrupted",
        "128 words, 1 user: – (needs 2,000 tokens)",
    ]


def test_on_a_terminal_the_figures_run() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=140)
    with build_bar(console) as bar:
        progress = LiveProgress(bar, 2)
        progress.begin(KEY)
        progress.answered(Answer(0.0, 0.0, 1.0, usage=Usage(1, 7)))
        progress.answered(Answer(0.0, 0.0, 1.0, Outcome.REFUSED))
        bar.refresh()
        assert "1 answers" in output.getvalue()
        assert "1 errors" in output.getvalue()
        progress.end(CELL)
    assert "16 words, 1 user: 1 of 2 answered, 10.0 tokens/s" in output.getvalue()
    assert "1/2" in output.getvalue()
