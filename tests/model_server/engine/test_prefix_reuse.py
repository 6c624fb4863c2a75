"""What a slot still holds is used again, and never changes an answer."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_server.engine.request import FinishReason, SamplingParameters
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.sequence import Sequence
from model_server.executors.base import Executor
from model_server.executors.torch.executor import load_torch_executor
from model_server.weights import open_checkpoint
from tests.model_server.fakes import CountingExecutor, HashingExecutor, WholePromptExecutor

NO_END = frozenset({-1})


def extending(slots: int = 2) -> tuple[CountingExecutor, Scheduler]:
    executor = CountingExecutor(slots=slots, extends_prefix=True)
    return executor, Scheduler(executor, sample, NO_END)


def sequence(prompt: list[int], max_tokens: int = 4) -> Sequence:
    return Sequence(tuple(prompt), SamplingParameters(max_tokens=max_tokens, temperature=0))


def answer(scheduler: Scheduler, prompt: list[int], max_tokens: int = 4) -> Sequence:
    one = sequence(prompt, max_tokens)
    scheduler.add(one)
    while not one.is_finished:
        scheduler.step()
    return one


def test_the_next_turn_reads_only_what_is_new() -> None:
    executor, scheduler = extending()
    first = answer(scheduler, [10, 11, 12])
    second = answer(scheduler, [*first.tokens, 50, 51])
    assert list(first.tokens) == [10, 11, 12, 13, 14, 15, 16]
    assert executor.prefills == [(0, 0, 3), (0, 6, 9)]  # 16 was sampled, but never in the cache
    assert (second.usage.prompt_tokens, second.usage.cached_tokens) == (9, 6)


def test_at_least_one_token_is_always_computed() -> None:
    executor, scheduler = extending()
    for _ in range(2):
        last = answer(scheduler, [10, 11, 12])
    assert executor.prefills == [(0, 0, 3), (0, 2, 3)]
    assert last.usage.cached_tokens == 2


def test_two_chats_in_turn_keep_their_slots() -> None:
    executor, scheduler = extending(slots=3)
    chats = [[1, 5, 20, 21], [1, 5, 30, 31, 32]]
    for _ in range(4):
        chats = [[*answer(scheduler, chat).tokens, 70] for chat in chats]
    assert {slot for slot, _, _ in executor.prefills} == {0, 1}
    assert [end - start for _, start, end in executor.prefills] == [4, 5, *[2] * 6]


@pytest.mark.parametrize("steps", [1, 3])
def test_a_cancelled_answer_leaves_what_it_had_read(steps: int) -> None:
    _, scheduler = extending()
    cancelled = sequence([10, 11, 12], 50)
    scheduler.add(cancelled)
    for _ in range(steps):
        scheduler.step()
    scheduler.finish(cancelled, None)
    again = answer(scheduler, [*cancelled.tokens, 90])
    assert again.usage.cached_tokens == len(cancelled.tokens) - 1
    assert list(again.tokens)[-4:] == [91, 92, 93, 94]


def test_a_prompt_that_was_cancelled_between_two_pieces_leaves_the_pieces() -> None:
    executor = CountingExecutor(extends_prefix=True)
    scheduler = Scheduler(executor, sample, NO_END, prefill_tokens_per_round=10)
    one = sequence(list(range(10, 50)))
    scheduler.add(one)
    scheduler.step()
    scheduler.step()
    scheduler.finish(one, None)
    assert answer(scheduler, list(range(10, 50))).usage.cached_tokens == 20


def test_a_stopped_answer_leaves_all_but_its_last_token() -> None:
    _, scheduler = extending()
    one = sequence([10, 11], 50)
    scheduler.add(one)
    for _ in range(3):
        scheduler.step()
    scheduler.finish(one, FinishReason.STOP)
    assert answer(scheduler, [*one.tokens, 90]).usage.cached_tokens == 4


def test_after_a_failed_step_nothing_is_used_again() -> None:
    executor, scheduler = extending(slots=3)
    first = answer(scheduler, [10, 11, 12])
    running, waiting = sequence([30, 31], 50), sequence([40, 41], 3)
    for one in (running, waiting):
        scheduler.add(one)
    executor.failures = 1
    with pytest.raises(RuntimeError):
        scheduler.step()
    scheduler.abandon()
    assert (running.is_finished, scheduler.waiting) == (True, [waiting])
    assert answer(scheduler, [*first.tokens, 90]).usage.cached_tokens == 0
    assert waiting.completion_length == 3


def test_without_the_capability_every_prompt_is_read_whole_into_the_lowest_slot() -> None:
    executor = CountingExecutor()
    scheduler = Scheduler(executor, sample, NO_END)
    first = answer(scheduler, [10, 11, 12])
    second = answer(scheduler, [*first.tokens, 50])
    assert executor.prefills == [(0, 0, 3), (0, 0, 8)]
    assert second.usage.cached_tokens == 0


def converse(scheduler: Scheduler, random: Random, vocabulary: int, turns: int) -> list[Sequence]:
    """Let random conversations grow, branch and be cancelled, several at once; return all their sequences."""
    histories = [[1, 5, *(random.randrange(3, vocabulary) for _ in range(random.randint(1, 40)))] for _ in range(5)]
    open_turns: list[Sequence] = []
    sequences: list[Sequence] = []
    while len(sequences) < turns or scheduler.has_work:
        if len(sequences) < turns and random.random() < 0.4:
            history = random.choice(histories)
            if random.random() < 0.2:
                history = history[: random.randint(2, len(history))]
            prompt = [*history, *(random.randrange(3, vocabulary) for _ in range(random.randint(1, 12)))][-200:]
            sequences.append(sequence(prompt, random.randint(1, 12)))
            open_turns.append(sequences[-1])
            scheduler.add(sequences[-1])
        if open_turns and random.random() < 0.1:
            scheduler.finish(random.choice(open_turns), None)
        scheduler.step()
        for one in [one for one in open_turns if one.is_finished]:
            open_turns.remove(one)
            histories[random.randrange(5)] = list(one.tokens)
    return sequences


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(4, 64))
def test_whatever_is_used_again_each_answer_is_that_of_its_tokens(seed: int, slots: int, budget: int) -> None:
    executor = HashingExecutor(slots=slots, extends_prefix=True)
    scheduler = Scheduler(executor, sample, NO_END, prefill_tokens_per_round=budget)
    for one in converse(scheduler, Random(seed), 400, 25):
        tokens = list(one.tokens)
        for length in range(one.prompt_length, len(tokens)):
            assert tokens[length] == executor.following(tokens[:length])
    assert not scheduler.has_work


@pytest.mark.parametrize("seed", range(3))
def test_greedy_answers_are_the_same_with_and_without_reuse(seed: int, checkpoint_dir: Path) -> None:
    """On a real forward pass in float32; the seeds are fixed, as two equally good tokens may always come."""

    def executor() -> Executor:
        return load_torch_executor(open_checkpoint(checkpoint_dir), 3, 300, 1, number_format=torch.float32)

    scheduler = Scheduler(executor(), sample, NO_END, prefill_tokens_per_round=32)
    sequences = converse(scheduler, Random(seed), 349, 60)
    assert sum(one.cached_length for one in sequences) > 500
    without = Scheduler(WholePromptExecutor(executor()), sample, NO_END)
    for one in sequences:
        if one.completion_length:
            alone = answer(without, list(one.tokens[: one.prompt_length]), one.completion_length)
            assert alone.cached_length == 0
            assert alone.tokens == one.tokens
