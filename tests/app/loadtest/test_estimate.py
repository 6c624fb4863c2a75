"""What is said before a run."""

import pytest

from app.loadtest.estimate import describe_seconds, estimate
from app.loadtest.plan import Limits, Plan, Rounds, Seconds, Users


def test_a_run_of_seconds_lasts_these_and_one_answer_more_in_each_cell() -> None:
    plan = Plan((Users(1), Users(8)), (4, 5), 100, Seconds(30), 1, limits=Limits(60.0), price_per_hour=36.0)
    found = estimate(plan)
    # a token takes 50 ms: an answer 5 s, to warm up and at the end
    assert (found.cells, found.likely_seconds, found.most_seconds) == (4, 4 * (30 + 5 + 5), 4 * (30 + 60 + 60))
    assert "at 36 an hour about 1.60, at most 6.00" in str(found)
    assert "4 cells: about 3 min, at most 10 min" in str(found)


def test_a_run_of_rounds_has_a_known_number_of_questions() -> None:
    plan = Plan((Users(1), Users(8)), (4,), 100, Rounds(3), 1, turns=2, warm_up_requests=0, limits=Limits(60.0))
    found = estimate(plan)
    assert (found.requests, found.likely_seconds, found.most_seconds) == (54, 2 * 3 * 2 * 5, 2 * 3 * 2 * 60)
    assert "54 questions" in str(found)
    assert "an hour" not in str(found)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "1 h 0 min"), (11100, "3 h 5 min")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert describe_seconds(seconds) == said
