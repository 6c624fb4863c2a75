"""The engine's counters, against what a look at every single token would have counted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from model_server.engine.histogram import Histogram
from model_server.engine.request import SamplingParameters
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.sequence import Sequence
from model_server.engine.statistics import STEP_BOUNDS_SECONDS, EngineStatistics
from tests.model_server.fakes import CountingExecutor


class Steps:
    """Steps a scheduler whose every step takes as long as `duration` says, and remembers when tokens came."""

    def __init__(self, scheduler: Scheduler, duration: Callable[[], float]) -> None:
        self.scheduler = scheduler
        self.statistics = EngineStatistics()
        self.now_seconds = 100.0
        self.token_times: dict[Sequence, list[float]] = {}
        self._duration = duration

    def step(self) -> None:
        start_seconds = self.now_seconds
        advanced = self.scheduler.step(start_seconds)
        self.now_seconds += self._duration()
        self.statistics.add_step(self.scheduler.prefilled_last, start_seconds, self.now_seconds, advanced)
        for sequence in advanced:
            self.token_times.setdefault(sequence, []).append(self.now_seconds)


def sequence(prompt: tuple[int, ...], max_tokens: int, arrival_seconds: float = 0.0) -> Sequence:
    return Sequence(prompt, SamplingParameters(max_tokens=max_tokens, temperature=0), arrival_seconds=arrival_seconds)


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler(CountingExecutor(extends_prefix=True), sample, frozenset({2}), prefill_tokens_per_round=10)


def test_the_times_of_one_answer_are_counted_from_its_arrival(scheduler: Scheduler) -> None:
    steps = Steps(scheduler, lambda: 2.0)
    for prompt in ((40, 41), (50, 51), (60, 61)):  # the third waits for a slot
        scheduler.add(sequence(prompt, 3, arrival_seconds=90.0))
    while scheduler.has_work:
        steps.step()
    statistics = steps.statistics
    # 2 prefills (100-102), 2 decodes (-106), then the third alone: slot at 106, first token at 108
    assert statistics.queue_seconds.snapshot().sum == 10 + 10 + 16
    assert statistics.first_token_seconds.snapshot().sum == 12 + 12 + 18
    assert (statistics.prompt_tokens, statistics.cached_tokens, statistics.generated_tokens) == (6, 0, 9)
    assert (statistics.prefill_seconds.snapshot().count, statistics.decode_seconds.snapshot().count) == (2, 4)
    assert (statistics.inter_token_seconds.snapshot().count, statistics.inter_token_seconds.snapshot().sum) == (6, 12)


@pytest.mark.parametrize("seed", range(5))
def test_the_gaps_of_whole_steps_are_those_of_each_token(scheduler: Scheduler, seed: int) -> None:
    """Long and short prompts, some read in pieces, some cancelled, while others run."""
    random = Random(seed)
    steps = Steps(scheduler, lambda: random.choice([0.0007, 0.003, 0.04, 0.6]))
    for number in range(40):
        prompt = tuple(random.randrange(3, 300) for _ in range(random.choice([2, 5, 35])))
        scheduler.add(sequence(prompt, random.randint(1, 12), steps.now_seconds))
        for _ in range(random.randint(0, 6)):
            steps.step()
        if number % 7 == 0 and scheduler.running:
            scheduler.finish(scheduler.running[0], None)
    while scheduler.has_work:
        steps.step()
    expected = Histogram(STEP_BOUNDS_SECONDS)
    for times in steps.token_times.values():
        for before, after in pairwise(times):
            expected.observe(after - before)
    counted = steps.statistics.inter_token_seconds.snapshot()
    assert counted.cumulative_counts == expected.snapshot().cumulative_counts
    assert counted.sum == pytest.approx(expected.snapshot().sum)
    assert steps.statistics.generated_tokens == sum(map(len, steps.token_times.values()))
    assert steps.statistics.first_token_seconds.snapshot().count == len(steps.token_times)


def test_a_decode_of_nothing_is_no_step(scheduler: Scheduler) -> None:
    steps = Steps(scheduler, lambda: 1.0)
    steps.step()
    assert steps.statistics.decode_seconds.snapshot().count == 0
