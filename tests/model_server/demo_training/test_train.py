"""Training: the rate's course, and that a tiny run writes a model that answers and can be gone on from."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM

from model_server.demo_training.answering import Answerer, Sampling
from model_server.demo_training.batches import tokenizer_texts
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.turns import Dialogue, Turn
from model_server.demo_training.tokenizer import save_tokenizer, train_tokenizer
from model_server.demo_training.train import WARM_UP_STEPS, Plan, train


def test_the_rate_warms_up_stays_and_falls_to_nothing() -> None:
    plan = Plan(Path("unused"), minutes=10, learning_rate=1.0, falling_share=0.5)
    assert plan.rate(0, 0) == pytest.approx(1 / WARM_UP_STEPS)
    assert plan.rate(WARM_UP_STEPS, 200) == 1.0
    assert plan.rate(WARM_UP_STEPS, 450) == pytest.approx(0.5)
    assert plan.rate(WARM_UP_STEPS, 600) == 0.0


@pytest.mark.parametrize(("minutes", "falling_share"), [(0, 0.5), (1, 0), (1, 1.5)])
def test_a_plan_without_sense_is_refused(minutes: float, falling_share: float) -> None:
    with pytest.raises(ValueError, match="minutes must be above 0"):
        Plan(Path("unused"), minutes=minutes, falling_share=falling_share)


def test_a_tiny_run_writes_a_model_that_answers(tmp_path: Path) -> None:
    torch.manual_seed(1)
    tokenizer = train_tokenizer(tokenizer_texts(Source(1), 100), 400)
    save_tokenizer(tokenizer, tmp_path / "model")
    shape = MistralConfig(
        vocab_size=400,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
        sliding_window=None,
        tie_word_embeddings=True,
    )
    plan = Plan(tmp_path / "model", minutes=0.02, tokens_per_batch=256)
    first = train(plan, MistralForCausalLM(shape), tokenizer)
    answer = Answerer(plan.output).answers([Dialogue((Turn("Hello", "unread"),))], Sampling.GREEDY, max_tokens=4)
    again = MistralForCausalLM.from_pretrained(plan.output, dtype=torch.float32)
    second = train(replace(plan, is_resumed=True), again, tokenizer)
    assert len(answer) == 1
    assert second <= first + 0.05  # the weights were rounded to bfloat16 between the runs
