"""The report, as it is read."""

from dataclasses import replace

from app.loadtest.report import render_report
from app.loadtest.tables import significant
from tests.app.loadtest.finished_runs import finished_run, run_at_a_rate


def lines_of(report: str) -> list[str]:
    return report.splitlines()


def test_both_tables_have_the_published_shape() -> None:
    lines = lines_of(render_report(finished_run()))
    throughput, latency = (index for index, line in enumerate(lines) if line.startswith("| input words | 1 |"))
    assert lines[throughput] == lines[latency] == "| input words | 1 | 2 | 4 |"
    assert lines[throughput + 2 : throughput + 4] == ["| 16 | 10.0 | 5.00 | 1.25\\* |", "| 128 | – | – | – |"]
    assert lines[latency + 2 : latency + 4] == ["| 16 | 100 | 200 | 800\\* |", "| 128 | – | – | – |"]


def test_every_empty_or_partial_cell_has_its_reason_once() -> None:
    lines = lines_of(render_report(finished_run()))
    assert "- 16 words, users 4\\*: interrupted" in lines
    assert "- 128 words, users 1, 2, 4: needs 2,000 tokens" in lines


def test_all_other_figures_stand_in_one_row_for_each_cell() -> None:
    lines = lines_of(render_report(finished_run()))
    assert "| 16 | 1 | 1 / 2 | 10 | 500 / 500 / 500 | 500 | 0 | 50.0% | 1.00 (50.0%) | 25.0% | 100 |" in lines
    assert "| 16 | 4\\* | 1 / 2 | 10 | 4,000 / 4,000 / 4,000 | 4,000 | 0 | 50.0% | 0.00 (0) | 25.0% | 800 |" in lines


def test_the_report_says_on_what_it_was_made_and_that_it_is_not_complete() -> None:
    first = lines_of(render_report(finished_run()))[0]
    assert first.startswith("**an instance**: demo (window 1,024 tokens) by built-in, 2026-11-21. 10 output tokens")
    assert "Example CPU, 2 cores" in first
    assert first.endswith("**Not complete: interrupted**")


def test_the_objective_and_the_price_stand_beside_what_follows_from_them() -> None:
    report = render_report(finished_run())
    assert "with at most 500 ms/token and at most 4000 ms to the first text" in report
    assert "3.6 an hour" in report
    assert "cost" not in render_report(run_at_a_rate())


def test_tokens_that_were_counted_here_are_said_to_be() -> None:
    run = run_at_a_rate()
    assert "mistral-common" not in render_report(run)
    assert "mistral-common" in render_report(replace(run, cells=(replace(run.cells[0], tokens_counted_here=True),)))


def test_chats_that_grow_have_a_table_by_turn() -> None:
    lines = lines_of(render_report(finished_run(turns=2)))
    assert "| 16 | 1 | 1 | 20 | 5 | 500 |" in lines


def test_an_open_loop_is_named_by_its_rate_and_says_how_late_it_asked() -> None:
    lines = lines_of(render_report(run_at_a_rate()))
    assert "| input words | 0.5/s |" in lines
    assert (
        "| 16 | 0.5/s | 1 / 2 | 10 | 1,000 / 1,000 / 1,000 | 1,000 | 0 | 50.0% | 0.50 (50.0%) | 25.0% | 0.00 |" in lines
    )


def test_a_run_without_any_figure_says_so() -> None:
    run = finished_run()
    assert "Nothing was measured." in render_report(replace(run, cells=run.cells[3:]))


def test_figures_have_three_digits() -> None:
    values = [None, 0.0, 0.1234, 9.994, 9.996, 12.34, 99.96, 1234.5]
    assert [significant(value) for value in values] == ["–", "0.00", "0.12", "9.99", "10.0", "12.3", "100", "1,234"]
