"""When chats begin, in virtual time."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from app.loadtest.arrivals import poisson_arrivals
from app.loadtest.drive import drive
from app.loadtest.plan import Length, Load, Rate, Rounds, Seconds, Users
from tests.app.loadtest.virtual_time import run_in_virtual_time


def begin_times(load: Load, length: Length, chat_seconds: float, pause_seconds: float = 0.0) -> list[float]:
    """When each chat was due. All last `chat_seconds`."""
    times: list[float] = []

    async def chat(intended_seconds: float) -> float:
        times.append(intended_seconds)
        await asyncio.sleep(chat_seconds)
        return pause_seconds

    run_in_virtual_time(drive(load, length, chat, Random(3)))
    return times


def test_each_user_asks_again_when_the_answer_has_ended() -> None:
    assert begin_times(Users(2), Rounds(3), 0.5) == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]


def test_nobody_begins_after_the_seconds_of_a_cell() -> None:
    assert begin_times(Users(1), Seconds(1.0), 0.375) == [0.0, 0.375, 0.75]
    assert begin_times(Users(1), Seconds(1.0), 0.5) == [0.0, 0.5]


def test_a_user_who_was_refused_stays_away_for_a_while() -> None:
    assert begin_times(Users(1), Rounds(3), 0.5, pause_seconds=2.0) == [0.0, 2.5, 5.0]


def test_an_open_loop_begins_chats_when_they_are_due_however_long_others_take() -> None:
    expected = list(poisson_arrivals(4.0, 10.0, Random(3)))
    assert begin_times(Rate(4.0), Seconds(10.0), 100.0) == expected
    assert begin_times(Rate(4.0), Seconds(10.0), 0.0, pause_seconds=50.0) == expected


def test_arrivals_are_as_many_as_the_rate_says_and_the_same_for_a_seed() -> None:
    arrivals = list(poisson_arrivals(50.0, 200.0, Random(1)))
    assert arrivals == list(poisson_arrivals(50.0, 200.0, Random(1)))
    assert arrivals == sorted(arrivals)
    assert len(arrivals) == pytest.approx(10_000, rel=0.03)
    assert max(arrivals) < 200.0


def test_gaps_between_arrivals_are_exponential() -> None:
    """Their mean and their standard deviation are the same, and a share of 1/e is longer than the mean."""
    arrivals = list(poisson_arrivals(10.0, 2000.0, Random(2)))
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert (mean, deviation) == pytest.approx((0.1, 0.1), rel=0.03)
    assert sum(gap > mean for gap in gaps) / len(gaps) == pytest.approx(0.3679, abs=0.01)


def test_an_error_of_one_chat_ends_all_others() -> None:
    ended: list[str] = []

    async def chat(_: float) -> float:
        if not ended:
            ended.append("failed")
            raise ZeroDivisionError
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("cancelled")
        return 0.0

    with pytest.raises(BaseExceptionGroup) as errors:  # noqa: F821  the page needs Python 3.11
        run_in_virtual_time(drive(Users(2), Rounds(1), chat, Random(0)))
    assert [type(error) for error in errors.value.exceptions] == [ZeroDivisionError]
    assert ended == ["failed", "cancelled"]
