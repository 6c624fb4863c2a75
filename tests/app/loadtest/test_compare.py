"""Two runs side by side."""

from dataclasses import replace

import pytest

from app.loadtest.compare import render_comparison
from app.loadtest.errors import LoadtestError
from tests.app.loadtest.finished_runs import finished_run, run_at_a_rate


def test_ratios_are_those_of_the_second_run_to_the_first() -> None:
    text = render_comparison(finished_run(), finished_run("another instance", 4.0))
    assert "| 16 | 1 | 10.0 → 2.50 | 0.25 | 100 → 400 | 4.00 | 500 → 2,000 | 4.00 | 100 → 400 | 4.00 |" in text
    assert "A: **an instance**" in text
    assert "B: **another instance**" in text


def test_only_cells_that_both_have_are_compared() -> None:
    first, second = finished_run(), finished_run()
    text = render_comparison(first, replace(second, cells=second.cells[1:]))
    assert "| 16 | 1 |" not in text
    assert "| 16 | 2 |" in text
    assert "no cell in common" in render_comparison(first, replace(second, cells=second.cells[3:]))


def test_runs_of_different_work_are_marked() -> None:
    first = finished_run()
    other = replace(first, plan=replace(first.plan, output_tokens=11, turns=2))
    text = render_comparison(first, other)
    assert "10 and 11 output tokens" in text
    assert "chats of 1 and of 2 turns" in text


def test_users_and_rates_are_not_compared() -> None:
    with pytest.raises(LoadtestError):
        render_comparison(finished_run(), run_at_a_rate())
