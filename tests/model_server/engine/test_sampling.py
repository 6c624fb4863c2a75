from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from model_server.engine.request import SamplingParameters
from model_server.engine.sampling import sample
from model_server.engine.sequence import Sequence

VOCABULARY = 50
DRAWS = 4000


def sequence(prompt: tuple[int, ...] = (1, 2), **sampling: Any) -> Sequence:
    return Sequence(prompt, SamplingParameters(**sampling))


def random_logits(rows: int, seed: int = 0, vocabulary: int = VOCABULARY) -> torch.Tensor:
    return torch.randn((rows, vocabulary), generator=torch.Generator().manual_seed(seed)) * 3


@pytest.mark.parametrize("temperature", [0, 1e-320, 1e-5])
def test_temperature_zero_and_almost_zero_take_the_best_token(temperature: float) -> None:
    logits = random_logits(3)
    assert sample(logits, [sequence(temperature=temperature) for _ in range(3)]) == logits.argmax(dim=-1).tolist()


def test_one_row_may_come_without_its_dimension() -> None:
    logits = random_logits(1)
    assert sample(logits[0], [sequence(temperature=0)]) == [int(logits.argmax())]


def test_top_k_one_is_greedy_at_any_temperature() -> None:
    logits = random_logits(1)
    assert sample(logits, [sequence(temperature=2.0, top_k=1)]) == [int(logits.argmax())]


@pytest.mark.parametrize(
    "sampling",
    [
        {"temperature": 0.9, "top_p": 0.6, "top_k": 50, "repetition_penalty": 1.03},
        {"temperature": 1.0, "top_k": 5},
        {"temperature": 1.5, "top_p": 0.8},
        {"temperature": 0.7},
        {"temperature": 1.0, "repetition_penalty": 1.8, "top_k": 10, "top_p": 0.9},
        {"temperature": 1.0, "top_p": 0.0001},
    ],
)
def test_tokens_are_drawn_from_the_distribution_of_transformers(sampling: dict[str, Any]) -> None:
    prompt = (3, 4, 4, 9)
    logits = random_logits(1)
    processors = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(sampling.get("repetition_penalty", 1.0))])
    processors.append(TemperatureLogitsWarper(sampling["temperature"]))
    processors.append(TopKLogitsWarper(sampling.get("top_k") or VOCABULARY))
    processors.append(TopPLogitsWarper(sampling.get("top_p", 1.0)))
    expected = processors(torch.LongTensor([prompt]), logits.clone()).softmax(dim=-1)[0]
    one = sequence(prompt, seed=1, **sampling)
    drawn = Counter(sample(logits.expand(DRAWS, -1), [one] * DRAWS))
    assert all(expected[token] > 0 for token in drawn)
    frequencies = torch.tensor([drawn[token] / DRAWS for token in range(VOCABULARY)])
    assert float((frequencies - expected).abs().max()) < 0.03


def test_the_repetition_penalty_counts_prompt_and_answer_once_each() -> None:
    logits = torch.tensor([[2.0, -1.0, 1.9, 0.0]])
    one = sequence((0, 0, 0), temperature=0, repetition_penalty=1.1)
    assert sample(logits, [one]) == [2]
    one.tokens.append(2)
    assert sample(logits, [one]) == [0]


def test_sampling_does_not_change_the_logits() -> None:
    logits = random_logits(2)
    before = logits.clone()
    sample(logits, [sequence(repetition_penalty=2.0, top_k=3), sequence(top_p=0.5)])
    assert torch.equal(logits, before)


KINDS: list[dict[str, Any]] = [
    {"temperature": 0},
    {"temperature": 1.0, "top_k": 7},
    {"temperature": 1.3, "top_k": 20, "top_p": 0.7},
    {"temperature": 1.1, "top_p": 0.9},
    {"temperature": 0.8},
    {"temperature": 1.0, "repetition_penalty": 1.4, "top_k": 12},
]


@settings(max_examples=30)
@given(st.sampled_from(KINDS), st.lists(st.sampled_from(KINDS), max_size=6), st.integers(0, 1000))
def test_a_seed_gives_the_same_tokens_in_any_company(
    kind: dict[str, Any], company: list[dict[str, Any]], seed: int
) -> None:
    alone, accompanied = sequence(seed=seed, **kind), sequence(seed=seed, **kind)
    others = [sequence(seed=seed + 1, **other) for other in company]
    for step in range(3):
        logits = random_logits(1 + len(others), seed=step)
        assert sample(logits, [accompanied, *others])[0] == sample(logits[:1], [alone])[0]


def test_a_flat_distribution_needs_more_than_the_first_candidates() -> None:
    one = sequence(seed=3, temperature=1.0, top_p=0.99)
    drawn = sample(torch.zeros((200, 4000)), [one] * 200)
    assert len({token // 1000 for token in drawn}) == 4


@given(st.floats(0, 1, exclude_max=True))
def test_no_uniform_number_leads_to_an_impossible_token(number: float) -> None:
    one = sequence(temperature=1.0, top_k=5, top_p=0.9)
    one.random.random = lambda: number  # type: ignore[method-assign]  # the one source of chance
    logits = random_logits(1)
    assert sample(logits, [one])[0] in logits.topk(5).indices[0].tolist()
