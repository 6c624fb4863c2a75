"""When a cell is ended for its errors."""

import pytest

from app.loadtest.answer import Answer, Outcome
from app.loadtest.error_limit import ErrorLimit
from app.loadtest.errors import CellStopped


def answer(outcome: Outcome) -> Answer:
    return Answer(0.0, 0.0, 1.0, outcome)


def limit_after(asked: int, refused: int = 0, failed: int = 0) -> ErrorLimit:
    limit = ErrorLimit(0.5)
    for _ in range(asked):
        limit.ask()
    for _ in range(refused):
        limit.check(answer(Outcome.REFUSED))
    for _ in range(failed):
        limit.check(answer(Outcome.FAILED))
    return limit


def test_half_of_all_questions_may_fail_and_not_one_more() -> None:
    limit = limit_after(20, failed=10)
    with pytest.raises(CellStopped) as stop:
        limit.check(answer(Outcome.FAILED))
    assert stop.value.user_message == "stopped at 11 errors in 20 questions (11 failed)"
    assert not stop.value.is_overload


def test_questions_under_way_count_as_good_because_refusals_are_quick() -> None:
    limit_after(128, refused=56)


def test_a_few_errors_may_be_chance() -> None:
    limit = limit_after(4, failed=4)
    limit.ask()
    with pytest.raises(CellStopped):
        limit.check(answer(Outcome.FAILED))


def test_refusals_and_time_limits_are_an_overload() -> None:
    limit = limit_after(10, refused=3, failed=1)
    limit.check(answer(Outcome.TIMED_OUT))
    with pytest.raises(CellStopped) as stop:
        limit.check(answer(Outcome.TIMED_OUT))
    assert stop.value.is_overload
    assert stop.value.user_message == "stopped at 6 errors in 10 questions (3 refused, 2 timed out, 1 failed)"
