"""The plots: that they are pictures, and that they show every line."""

from pathlib import Path

import numpy
import pytest
from matplotlib.figure import Figure
from PIL import Image

from app.loadtest.plots import draw_plots
from tests.app.loadtest.finished_runs import finished_run, run_at_a_rate


def test_both_plots_are_written_for_users_and_for_rates(tmp_path: Path) -> None:
    for run in (finished_run(), run_at_a_rate()):
        for file in draw_plots([run], tmp_path):
            with Image.open(file) as picture:
                assert picture.size == (1080, 660)
                assert len(numpy.unique(numpy.asarray(picture.convert("L")))) > 10


def test_each_size_and_each_run_has_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    draw_plots([finished_run("one"), finished_run("other", 2.0)], tmp_path)
    throughput, latency = figures
    assert [line.get_label() for line in throughput.axes[0].get_lines()] == ["16 words, A: one", "16 words, B: other"]
    assert [numpy.asarray(line.get_ydata()).tolist() for line in latency.axes[0].get_lines()] == [
        [100.0, 200.0, 800.0],
        [200.0, 400.0, 1600.0],
    ]
    assert [line.get_linestyle() for line in latency.axes[0].get_lines()] == ["-", "--"]


def test_a_run_without_figures_still_has_its_plots(tmp_path: Path) -> None:
    run = finished_run()
    empty = type(run)(run.plan, run.circumstances, run.cells[3:], "")
    assert all(file.is_file() for file in draw_plots([empty], tmp_path))
