"""Whole runs on a scripted backend in virtual time: every figure is known to the last digit."""

import asyncio

import pytest

from app.errors import BackendError, BackendNotReady, BackendUnauthorized, StreamInterrupted
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.loadtest.figures import Figures, Percentiles
from app.loadtest.plan import CellKey, Limits, Objective, Plan, Rate, Rounds, Seconds, Users
from app.loadtest.results import Cell, CellState
from app.loadtest.run import INTERRUPTED, Run
from tests.app.loadtest.timed_backend import Script, TimedBackend, answer_of, plan_of, silent
from tests.app.loadtest.virtual_time import run_in_virtual_time


def run_plan(backend: TimedBackend, plan: Plan) -> Run:
    async def measure() -> Run:
        run = Run(backend, await backend.describe(), plan, silent())
        await run.measure()
        return run

    return run_in_virtual_time(measure())


def only_cell(run: Run) -> Cell:
    (cell,) = run.cells()
    return cell


def figures_of_cell(cell: Cell) -> Figures:
    assert cell.figures is not None
    return cell.figures


def test_a_cell_of_two_users_and_three_rounds_has_these_figures() -> None:
    """Each answer: 4 tokens, the first after 0.5 s, then one each 0.25 s; 1.25 s in all."""
    backend = TimedBackend(lambda _: answer_of(0.5, 0.25, 4, Usage(10, 4, 2)))
    plan = plan_of(Users(2), Rounds(3), objective=Objective(312.5, 500.0), price_per_hour=7.2)
    figures = figures_of_cell(only_cell(run_plan(backend, plan)))
    assert (figures.requests, figures.answered, figures.seconds, figures.output_tokens) == (6, 6, 3.75, 24)
    assert figures.tokens_per_second == 6.4
    assert figures.latency_milliseconds_per_token == 312.5
    assert figures.first_token_milliseconds == Percentiles(500.0, 500.0, 500.0)
    assert figures.between_texts_p99_milliseconds == 250.0
    assert (figures.goodput_per_second, figures.good_share) == (1.6, 1.0)
    assert figures.cost_per_million_tokens == 312.5
    assert (figures.prompt_tokens, figures.cached_tokens, figures.texts_per_token) == (60, 12, 1.0)
    assert backend.most_open_streams == 2


def test_warming_up_does_not_count() -> None:
    backend = TimedBackend(lambda number: answer_of(100.0 if number < 2 else 0.5, 0.25, 4))
    run = run_plan(backend, plan_of(Users(2), Rounds(1), warm_up_requests=2))
    assert figures_of_cell(only_cell(run)).seconds == 1.25
    assert len(backend.requests) == 4


def test_no_text_is_asked_twice_and_each_begins_with_another_word() -> None:
    backend = TimedBackend(lambda _: answer_of(0.5, 0.25, 4))
    run_plan(backend, plan_of(Users(8), Rounds(8), warm_up_requests=4))
    assert len({request.prompt.split()[1] for request in backend.requests}) == 8 * 8 + 4
    assert len({request.session_id for request in backend.requests}) == 8 * 8 + 4
    assert all(request.parameters.ignore_eos for request in backend.requests)


def test_an_open_loop_counts_from_when_a_question_was_due() -> None:
    """One answer takes 1.25 s however many are under way, so each figure is that of the script alone."""
    backend = TimedBackend(lambda _: answer_of(0.5, 0.25, 4))
    figures = figures_of_cell(only_cell(run_plan(backend, plan_of(Rate(4.0), Seconds(50.0)))))
    assert figures.requests == figures.answered == len(backend.requests)
    assert figures.requests == pytest.approx(200, rel=0.2)
    assert figures.latency_milliseconds_per_token == pytest.approx(312.5)
    assert backend.most_open_streams > 5


def test_chats_grow_by_what_was_answered_and_keep_their_session() -> None:
    def script(number: int) -> Script:
        turn = number % 3
        usage = Usage(100 + 100 * turn, 4, 90 * turn)
        return answer_of(0.5 if turn else 2.0, 0.25, 4, usage)

    backend = TimedBackend(script)
    figures = figures_of_cell(only_cell(run_plan(backend, plan_of(Users(1), Rounds(2), turns=3))))
    sessions = [request.session_id for request in backend.requests]
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3]
    assert backend.requests[1].prompt.startswith(backend.requests[0].prompt)
    assert [len(request.messages) for request in backend.requests] == [1, 3, 5, 1, 3, 5]
    assert "abbb" in backend.requests[1].prompt
    assert [(turn.prompt_tokens, turn.cached_tokens, turn.first_token_milliseconds) for turn in figures.turns] == [
        (100.0, 0.0, 2000.0),
        (200.0, 90.0, 500.0),
        (300.0, 180.0, 500.0),
    ]


def test_a_chat_ends_with_a_turn_that_failed() -> None:
    backend = TimedBackend(lambda number: [(0.5, StreamInterrupted("cut"))] if number == 1 else answer_of(0.5, 0.25, 4))
    run_plan(backend, plan_of(Users(1), Rounds(2), turns=3))
    assert [len(request.messages) for request in backend.requests] == [1, 3, 1, 3, 5]


def test_refusals_are_counted_and_never_tried_again() -> None:
    backend = TimedBackend(lambda n: [(0.0, BackendNotReady("429", 2.0))] if n % 4 == 0 else answer_of(0.5, 0.25, 4))
    figures = figures_of_cell(only_cell(run_plan(backend, plan_of(Users(4), Rounds(2)))))
    assert (figures.requests, figures.refused, figures.refused_share) == (8, 2, 0.25)
    assert figures.errors == {"BackendNotReady": 2}


def test_tokens_that_a_target_does_not_count_are_counted_from_the_text() -> None:
    script: Script = [(0.5, TextDelta("one two three")), (0.0, Finished(FinishReason.STOP))]
    cell = only_cell(run_plan(TimedBackend(lambda _: script), plan_of()))
    assert (figures_of_cell(cell).output_tokens, cell.tokens_counted_here) == (3, True)


def test_rows_that_do_not_fit_the_window_are_not_asked() -> None:
    backend = TimedBackend(lambda _: answer_of(0.5, 0.25, 4), window_tokens=20)
    run = run_plan(backend, plan_of(input_words=(4, 400)))
    fits, does_not = run.cells()
    assert fits.state is CellState.MEASURED
    assert (does_not.state, does_not.figures) == (CellState.NOT_MEASURED, None)
    # 400 words and [INST], [/INST], which this backend counts as a word each
    assert does_not.reason == "needs up to 406 tokens; the window has 20"
    assert len(backend.requests) == 1


def test_too_many_refusals_end_the_row_and_spare_the_target_heavier_loads() -> None:
    def script(number: int) -> Script:
        return answer_of(0.5, 0.25, 4) if number == 0 or number > 10 else [(0.0, BackendNotReady("429", 1.0))]

    backend = TimedBackend(script)
    plan = Plan((Users(1), Users(10), Users(100)), (4, 5), 4, Rounds(1), seed=1, warm_up_requests=0)
    run = run_plan(backend, plan)
    states = {str(cell.key): (cell.state, cell.reason) for cell in run.cells()}
    assert states["4 words, 1 user"][0] is CellState.MEASURED
    assert states["4 words, 10 users"] == (CellState.PARTIAL, "stopped at 6 errors in 10 questions (6 refused)")
    assert states["4 words, 100 users"] == (CellState.NOT_MEASURED, "10 were already too many")
    assert states["5 words, 100 users"][0] is CellState.MEASURED
    assert run.stopped == ""


def test_too_many_failures_end_the_run() -> None:
    backend = TimedBackend(lambda _: [(0.5, StreamInterrupted("cut"))])
    run = run_plan(backend, Plan((Users(1), Users(2)), (4,), 4, Rounds(100), seed=1, warm_up_requests=0))
    first, second = run.cells()
    assert run.stopped == "stopped at 5 errors in 5 questions (5 failed)"
    assert (first.state, figures_of_cell(first).failed) == (CellState.PARTIAL, 5)
    assert (second.state, second.reason) == (CellState.NOT_MEASURED, "the run had ended")
    assert len(backend.requests) == 5


def test_a_target_that_fails_while_it_is_warmed_up_is_not_loaded() -> None:
    error: BackendError = BackendUnauthorized("401")
    backend = TimedBackend(lambda _: [(0.0, error)])
    run = run_plan(backend, plan_of(Users(64), warm_up_requests=2))
    assert run.stopped == error.user_message
    assert len(backend.requests) == 2


def test_a_hung_target_costs_each_user_no_more_than_the_time_limit() -> None:
    backend = TimedBackend(lambda _: [(0.0, None)])
    run = run_plan(backend, plan_of(Users(4), Rounds(1), limits=Limits(timeout_seconds=16.0)))
    figures = figures_of_cell(only_cell(run))
    assert (figures.timed_out, figures.seconds, backend.open_streams) == (4, 16.0, 0)
    assert only_cell(run).reason == "no answer to 4 questions"


def test_what_was_measured_before_an_interruption_is_kept() -> None:
    backend = TimedBackend(lambda _: answer_of(0.5, 0.25, 4))
    plan = Plan((Users(1), Users(2), Users(3)), (4,), 4, Rounds(2), seed=1, warm_up_requests=0)

    async def interrupt() -> Run:
        run = Run(backend, await backend.describe(), plan, silent())
        task = asyncio.create_task(run.measure())
        await asyncio.sleep(2.5 + 1.5)  # the first cell is full, the second has one answer of each user
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return run

    run = run_in_virtual_time(interrupt())
    full, partial, empty = run.cells()
    assert run.stopped == INTERRUPTED
    assert (full.key, full.state) == (CellKey(4, Users(1)), CellState.MEASURED)
    assert (partial.state, partial.reason) == (CellState.PARTIAL, INTERRUPTED)
    assert (figures_of_cell(partial).requests, figures_of_cell(partial).tokens_per_second) == (2, 6.4)
    assert empty == Cell(CellKey(4, Users(3)), CellState.NOT_MEASURED, "the run had ended")
    assert backend.open_streams == 0


def test_a_cell_that_was_stopped_leaves_no_mark_on_the_task_that_ctrl_c_cancels() -> None:
    """A task group of Python 3.11 leaves one, and then asyncio does not know Ctrl-C for what it is."""

    def script(number: int) -> Script:
        return [(0.5, BackendNotReady("429", 1.0))] if number < 6 else answer_of(0.5, 0.25, 4)

    backend = TimedBackend(script)
    plan = Plan((Users(6),), (4, 5), 4, Rounds(1), seed=1, warm_up_requests=0)

    async def marks() -> int:
        run = Run(backend, await backend.describe(), plan, silent())
        await run.measure()
        assert [cell.state for cell in run.cells()] == [CellState.PARTIAL, CellState.MEASURED]
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert run_in_virtual_time(marks()) == 0
