"""The arithmetic of the tables, on numbers that can be checked by hand."""

from __future__ import annotations

import numpy
import pytest

from model_server.bench.figures import Cell, median_cell, median_ratio, percentile, spread, summarize


def cell(tokens_per_second: float, **changes: float) -> Cell:
    figures = {"first_p50": 1.0, "first_p99": 2.0, "gap_p50": 3.0, "gap_p99": 4.0, **changes}
    return Cell(streams=8, tokens_per_second=tokens_per_second, **figures)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("values", [[7.0], [4.0, 1.0], [3.0, 1.0, 2.0], [float(number) for number in range(37)]])
def test_percentiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert percentile(values, share) == pytest.approx(numpy.percentile(values, share * 100))


def test_a_cell_sums_up_a_load() -> None:
    result = summarize(2, 8, 4.0, [0.010, 0.030], [0.001, 0.002, 0.003])
    assert result.tokens_per_second == 2.0
    assert result.first_p50 == pytest.approx(20.0)
    assert result.gap_p50 == pytest.approx(2.0)
    assert result.texts_per_token == 5 / 8


def test_medians_are_of_each_figure_by_itself() -> None:
    cells = [cell(1.0, gap_p50=9.0), cell(5.0, gap_p50=7.0), cell(2.0, gap_p50=8.0)]
    assert median_cell(cells) == cell(2.0, gap_p50=8.0)
    assert spread(cells, lambda one: one.tokens_per_second) == (1.0, 5.0)


def test_ratios_are_taken_within_a_round() -> None:
    """A machine that was slow in one round was slow for both."""
    assert median_ratio([cell(10.0), cell(100.0), cell(30.0)], [cell(20.0), cell(200.0), cell(10.0)]) == 0.5
    assert median_ratio([cell(10.0)], []) is None
