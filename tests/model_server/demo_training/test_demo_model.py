"""The shipped model: its files fit each other, its template is Mistral's form, it recalls unseen names."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import AutoTokenizer, MistralConfig

from model_server.demo_training.answering import Answerer, Sampling
from model_server.demo_training.corpus.source import Source, Split
from model_server.demo_training.corpus.turns import Dialogue, Turn
from model_server.demo_training.evaluate import recall_name

MODEL = Path(__file__).parents[3] / "model_server" / "demo_model"
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi!"},
    {"role": "user", "content": "Bye"},
]


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    torch.manual_seed(0)
    return Answerer(MODEL)


def test_the_files_are_small_and_complete() -> None:
    names = {path.name for path in MODEL.iterdir()}
    assert names == {
        *("README.md", "config.json", "generation_config.json", "model.safetensors"),
        *("special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"),
    }
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= 15_000_000


def test_the_configuration_is_mistral_with_a_whole_window() -> None:
    raw = json.loads((MODEL / "config.json").read_text(encoding="utf-8"))
    config = MistralConfig.from_pretrained(MODEL)
    assert raw["architectures"] == ["MistralForCausalLM"]
    assert raw["model_type"] == "mistral"
    assert raw["rope_theta"] == 10000.0
    assert config.max_position_embeddings == 1024
    assert config.sliding_window is None
    assert (config.bos_token_id, config.eos_token_id) == (1, 2)


def test_the_weights_are_bfloat16() -> None:
    with safe_open(MODEL / "model.safetensors", framework="pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"BF16"}  # noqa: SIM118 - not a dict


def test_the_chat_template_renders_mistrals_first_form() -> None:
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    rendered = tokenizer.apply_chat_template(MESSAGES, tokenize=False)
    assert rendered == "<s> [INST] Be brief.\n\nHello [/INST] Hi!</s> [INST] Bye [/INST]"


def test_the_template_the_tokenizer_and_the_training_agree(answerer: Answerer) -> None:
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    conversation = Dialogue((Turn("Hello", "Hi!"), Turn("Bye", "unread")), "Be brief.")
    assert tokenizer.apply_chat_template(MESSAGES, return_dict=False) == answerer.prompt_ids(conversation)


@pytest.mark.parametrize("sampling", Sampling)
def test_a_name_never_seen_in_training_is_recalled_after_another_turn(answerer: Answerer, sampling: Sampling) -> None:
    source = Source(99, Split.HELD_OUT)
    conversations = [recall_name(1, 2)(source) for _ in range(100)]
    answers = answerer.answers(conversations, sampling, max_tokens=32)
    recalled = [one.turns[-1].accepts(answer) for one, answer in zip(conversations, answers, strict=True)]
    assert sum(recalled) / len(recalled) >= 0.95
