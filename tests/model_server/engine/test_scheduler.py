from __future__ import annotations

from random import Random

import pytest

from model_server.engine.request import FinishReason, SamplingParameters
from model_server.engine.sampling import sample
from model_server.engine.scheduler import PREFILL_TOKENS_PER_ROUND, Scheduler
from model_server.engine.sequence import Sequence, SequenceState
from tests.model_server.fakes import CountingExecutor, HashingExecutor

END = 2


@pytest.fixture
def scheduler(executor: CountingExecutor) -> Scheduler:
    return Scheduler(executor, sample, frozenset({END}))


def sequence(first: int = 10, length: int = 3, max_tokens: int = 5) -> Sequence:
    return Sequence(tuple(range(first, first + length)), SamplingParameters(max_tokens=max_tokens, temperature=0))


def run(scheduler: Scheduler) -> None:
    while scheduler.has_work:
        scheduler.step()


def test_a_sequence_runs_until_max_tokens(scheduler: Scheduler) -> None:
    one = sequence()
    scheduler.add(one)
    run(scheduler)
    assert list(one.tokens) == [10, 11, 12, 13, 14, 15, 16, 17]
    assert (one.finish_reason, one.usage.prompt_tokens, one.usage.completion_tokens) == (FinishReason.LENGTH, 3, 5)


def test_an_end_token_ends_a_sequence(scheduler: Scheduler, executor: CountingExecutor) -> None:
    one = Sequence((398, 399), SamplingParameters(max_tokens=50, temperature=0))
    scheduler.add(one)
    run(scheduler)
    assert list(one.tokens) == [398, 399, 0, 1, END]
    assert one.finish_reason is FinishReason.STOP


def test_every_live_slot_is_in_every_decode(scheduler: Scheduler, executor: CountingExecutor) -> None:
    for _ in range(2):
        scheduler.add(sequence(max_tokens=3))
    run(scheduler)
    assert executor.calls == ["prefill 0", "prefill 1", "decode [0, 1]", "decode [0, 1]"]


def test_first_come_is_first_served_and_a_freed_slot_is_used_at_once(
    scheduler: Scheduler, executor: CountingExecutor
) -> None:
    sequences = [sequence(max_tokens=count) for count in (2, 4, 2)]
    for one in sequences:
        scheduler.add(one)
    run(scheduler)
    assert executor.calls == [
        "prefill 0", "prefill 1", "decode [0, 1]",  # the first one ends here
        "prefill 0", "decode [0, 1]", "decode [1]",
    ]  # fmt: skip
    assert all(one.finish_reason is FinishReason.LENGTH for one in sequences)


def test_a_round_of_prefills_is_bounded_and_alternates_with_decoding() -> None:
    executor = CountingExecutor(slots=4)
    scheduler = Scheduler(executor, sample, frozenset({END}))
    for _ in range(3):
        scheduler.add(sequence(length=PREFILL_TOKENS_PER_ROUND // 2 + 1, max_tokens=9))
    for _ in range(5):
        scheduler.step()
    assert executor.calls == ["prefill 0", "decode [0]", "prefill 1", "decode [0, 1]", "prefill 2"]


def test_a_cancelled_running_sequence_frees_its_slot_at_once(scheduler: Scheduler, executor: CountingExecutor) -> None:
    first, second, third = (sequence(max_tokens=9) for _ in range(3))
    for one in (first, second, third):
        scheduler.add(one)
    scheduler.step()
    scheduler.finish(first, None)
    assert (first.state, first.slot, first.finish_reason) == (SequenceState.FINISHED, None, None)
    scheduler.step()
    scheduler.step()
    assert executor.calls[2:] == ["decode [1]", "prefill 0"]


def test_a_cancelled_waiting_sequence_is_never_computed(scheduler: Scheduler, executor: CountingExecutor) -> None:
    one = sequence()
    scheduler.add(one)
    scheduler.finish(one, None)
    scheduler.finish(one, None)
    assert not scheduler.has_work
    assert executor.calls == []


def test_a_sequence_that_needs_one_token_never_decodes(scheduler: Scheduler, executor: CountingExecutor) -> None:
    scheduler.add(sequence(max_tokens=1))
    assert [len(one.tokens) for one in scheduler.step()] == [4]
    assert not scheduler.has_work
    assert executor.calls == ["prefill 0"]


def start_running(scheduler: Scheduler, count: int) -> list[Sequence]:
    sequences = [sequence(max_tokens=1000) for _ in range(count)]
    for one in sequences:
        scheduler.add(one)
    scheduler.step()
    return sequences


@pytest.mark.parametrize("running", [1, 4, 15])
def test_a_long_prompt_never_delays_running_streams_by_more_than_one_piece(running: int) -> None:
    executor = CountingExecutor(slots=16, maximum_length=2000, extends_prefix=True)
    scheduler = Scheduler(executor, sample, frozenset({END}))
    streams = start_running(scheduler, running)
    long = Sequence(tuple(3 + index % 300 for index in range(1000)), SamplingParameters(max_tokens=5, temperature=0))
    scheduler.add(long)
    executor.prefills.clear()
    steps = 0
    while not long.completion_length:
        lengths = [len(one.tokens) for one in streams]
        read = sum(end - start for _, start, end in executor.prefills)
        scheduler.step()
        scheduler.step()  # the second one at the latest is a decode of all
        assert all(len(one.tokens) > length for one, length in zip(streams, lengths, strict=True))
        assert sum(end - start for _, start, end in executor.prefills) - read <= PREFILL_TOKENS_PER_ROUND
        steps += 2
    assert executor.prefills == [(running, 0, 512), (running, 512, 1000)]
    assert steps == 4  # two pieces, each with a decode


def test_without_the_capability_a_long_prompt_is_read_whole_and_alone() -> None:
    executor = CountingExecutor(slots=4, maximum_length=2000)
    scheduler = Scheduler(executor, sample, frozenset({END}))
    start_running(scheduler, 1)
    executor.calls.clear()
    executor.prefills.clear()
    for length in (3, 1000, 3):
        scheduler.add(Sequence((7,) * length, SamplingParameters(max_tokens=9, temperature=0)))
    for _ in range(6):
        scheduler.step()
    assert executor.prefills == [(1, 0, 3), (2, 0, 1000), (3, 0, 3)]
    assert executor.calls == [
        "decode [0]", "prefill 1", "decode [0, 1]", "prefill 2", "decode [0, 1, 2]", "prefill 3"
    ]  # fmt: skip


def test_a_prompt_that_fits_into_a_round_is_never_divided() -> None:
    executor = CountingExecutor(slots=4, extends_prefix=True)
    scheduler = Scheduler(executor, sample, frozenset({END}), prefill_tokens_per_round=10)
    for first, length in ((10, 6), (20, 6), (30, 4), (40, 25)):
        scheduler.add(sequence(first=first, length=length, max_tokens=1))
    run(scheduler)
    assert [end - start for _, start, end in executor.prefills] == [6, 6, 4, 10, 10, 5]


def test_what_arrives_behind_a_long_prompt_waits_for_it() -> None:
    executor = CountingExecutor(extends_prefix=True)
    scheduler = Scheduler(executor, sample, frozenset({END}), prefill_tokens_per_round=10)
    for length in (25, 3):
        scheduler.add(sequence(length=length, max_tokens=3))
    for _ in range(3):
        scheduler.step()
    assert executor.prefills == [(0, 0, 10), (0, 10, 20), (0, 20, 25), (1, 0, 3)]


def test_a_sequence_between_two_pieces_is_not_decoded_and_can_be_cancelled() -> None:
    executor = CountingExecutor(slots=3, extends_prefix=True)
    scheduler = Scheduler(executor, sample, frozenset({END}), prefill_tokens_per_round=10)
    start_running(scheduler, 1)
    long = sequence(length=25)
    scheduler.add(long)
    while long.state is SequenceState.WAITING or not long.computed_length:
        scheduler.step()
    scheduler.step()
    assert (long.state, long.slot, executor.calls[-1]) == (SequenceState.PREFILLING, 1, "decode [0]")
    scheduler.finish(long, None)
    scheduler.step()
    scheduler.add(sequence(length=2))
    scheduler.step()
    assert executor.calls[-2:] == ["decode [0]", "prefill 1"]


@pytest.mark.parametrize("extends_prefix", [True, False])
def test_in_any_order_of_arrivals_and_cancels_each_answer_is_that_of_its_tokens(extends_prefix: bool) -> None:
    random = Random(11)
    executor = HashingExecutor(slots=3, extends_prefix=extends_prefix)
    scheduler = Scheduler(executor, sample, frozenset({END}), prefill_tokens_per_round=16)
    sequences: list[Sequence] = []
    while len(sequences) < 300 or scheduler.has_work:
        if len(sequences) < 300 and random.random() < 0.3:
            prompt = tuple(random.randrange(3, 400) for _ in range(random.randint(2, 60)))
            sequences.append(Sequence(prompt, SamplingParameters(max_tokens=random.randint(1, 20), temperature=0)))
            scheduler.add(sequences[-1])
        if sequences and random.random() < 0.05:
            scheduler.finish(random.choice(sequences[-6:]), None)
        scheduler.step()
    for one in sequences:
        tokens = list(one.tokens)
        for length in range(one.prompt_length, len(tokens)):
            assert tokens[length] == executor.following(tokens[:length])
