"""The arithmetic, on answers whose times are known: to the last digit."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.generation import Usage
from app.loadtest.answer import Answer, Outcome
from app.loadtest.figures import Figures, Percentiles, TurnFigures, figures_of, is_good, percentile
from app.loadtest.plan import Objective

# Due at 0 s, sent 0.25 s later: 4 tokens in 2 s, the first after 0.5 s.
EARLY = Answer(0.0, 0.25, 2.0, text_seconds=(0.5, 1.0, 1.5, 2.0), usage=Usage(100, 4, 25))
# Due at 1 s: 8 tokens in 3 s, in four texts, the first after 1 s.
LATE = Answer(1.0, 1.0, 4.0, text_seconds=(2.0, 2.25, 3.0, 4.0), usage=Usage(60, 8, 15))
REFUSED = Answer(2.0, 2.0, 2.125, Outcome.REFUSED, error="BackendNotReady")
HUNG = Answer(2.0, 2.0, 5.0, Outcome.TIMED_OUT, error="Timeout")
BROKEN = Answer(2.0, 2.0, 2.5, Outcome.FAILED, text_seconds=(2.25,), error="StreamInterrupted", usage=Usage(9, 9, 9))


def figures(*answers: Answer, objective: Objective | None = None, price_per_hour: float | None = None) -> Figures:
    return figures_of(answers, objective or Objective(), price_per_hour)


def test_every_figure_of_a_cell_is_known() -> None:
    assert figures(
        EARLY, LATE, REFUSED, HUNG, BROKEN, objective=Objective(400.0, 600.0), price_per_hour=36.0
    ) == Figures(
        requests=5,
        answered=2,
        refused=1,
        timed_out=1,
        failed=1,
        errors={"BackendNotReady": 1, "StreamInterrupted": 1, "Timeout": 1},
        seconds=5.0,
        output_tokens=12,
        prompt_tokens=160,
        cached_tokens=40,
        tokens_per_second=2.4,
        latency_milliseconds_per_token=437.5,  # the median of 2 s ÷ 4 and 3 s ÷ 8
        first_token_milliseconds=Percentiles(750.0, 975.0, 995.0),
        between_texts_p99_milliseconds=987.5,  # of 250, 500 × 3, 750, 1,000: place 4.95
        texts_per_token=8 / 12,
        late_p99_milliseconds=240.0,  # of 0 × 4 and 250: place 3.96
        goodput_per_second=0.0,  # the first answer has 500 ms a token, the second 1,000 ms to its first text
        good_share=0.0,
        cost_per_million_tokens=36.0 / 3600 * 5.0 / 12 * 1_000_000,
        turns=(TurnFigures(1, 2, 80.0, 20.0, 750.0),),
    )


def test_rates_of_refusals_and_errors_are_shares_of_all_questions() -> None:
    assert figures(EARLY, REFUSED, HUNG, BROKEN).refused_share == 0.25
    assert figures(EARLY, REFUSED, HUNG, BROKEN).error_share == 0.5


def test_goodput_counts_whole_answers_that_keep_both_objectives() -> None:
    good = figures(EARLY, LATE, BROKEN, objective=Objective(400.0, 1000.0))
    assert (good.goodput_per_second, good.good_share) == (1 / 4, 1 / 3)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (Objective(), True),
        (Objective(500.0), True),
        (Objective(499.0), False),
        (Objective(None, 500.0), True),
        (Objective(None, 499.0), False),
        (Objective(500.0, 499.0), False),
    ],
)
def test_an_objective_is_kept_up_to_its_last_millisecond(objective: Objective, expected: bool) -> None:
    assert is_good(EARLY, objective) is expected


def test_a_cell_without_answers_has_no_latency_and_no_cost() -> None:
    empty = figures(REFUSED, price_per_hour=1.0)
    assert (empty.latency_milliseconds_per_token, empty.first_token_milliseconds) == (None, None)
    assert (empty.cost_per_million_tokens, empty.tokens_per_second, empty.turns) == (None, None, ())


def test_an_answer_without_tokens_counts_as_answered_and_keeps_no_objective() -> None:
    wordless = Answer(0.0, 0.0, 1.0, usage=Usage(5, 0))
    result = figures(wordless, EARLY, objective=Objective(1000.0))
    assert (result.answered, result.latency_milliseconds_per_token, result.good_share) == (2, 500.0, 0.5)


def test_a_million_tokens_at_a_thousand_a_second_cost_a_thousand_seconds() -> None:
    fast = Answer(0.0, 0.0, 1.0, usage=Usage(1, 1000))
    assert figures(fast, price_per_hour=3.6).cost_per_million_tokens == 1.0


def test_each_turn_has_its_own_medians() -> None:
    second = Answer(0.0, 0.0, 1.0, text_seconds=(0.125,), usage=Usage(300, 1, 200), turn=2)
    assert figures(EARLY, second).turns == (
        TurnFigures(1, 1, 100.0, 25.0, 500.0),
        TurnFigures(2, 1, 300.0, 200.0, 125.0),
    )


def test_a_target_that_does_not_tell_its_prompt_tokens_has_none_in_its_turns() -> None:
    assert figures(Answer(0.0, 0.0, 1.0, usage=Usage(None, 4))).turns == (TurnFigures(1, 1, None, None, None),)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_percentiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert percentile(values, share) == pytest.approx(float(numpy.quantile(values, share)))


def test_the_median_of_two_values_lies_between_them() -> None:
    assert percentile([4.0, 1.0], 0.5) == 2.5
