"""The bench's model: its size, its language, and that it cannot end an answer by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_server.bench.checkpoint import BENCH_SHAPE, TINY_SHAPE, make_checkpoint
from model_server.bench.vocabulary import END_ID, WORDS, build_tokenizer, spoken_token_ids, write_prompt, write_words
from model_server.engine.tokenizer import Tokenizer
from model_server.engine.tokenizer_files import read_tokenizer_files
from model_server.executors.torch.executor import load_torch_executor
from model_server.weights import open_checkpoint


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("bench"), TINY_SHAPE)


def test_the_model_has_31_million_parameters(tmp_path: Path) -> None:
    assert open_checkpoint(make_checkpoint(tmp_path, BENCH_SHAPE)).parameter_count == 31_465_984


def test_a_checkpoint_is_made_once(tiny: Path) -> None:
    before = (tiny / "model.safetensors").stat().st_mtime_ns
    assert make_checkpoint(tiny.parent, TINY_SHAPE) == tiny
    assert (tiny / "model.safetensors").stat().st_mtime_ns == before


def test_a_prompt_has_the_tokens_that_were_asked_for(tiny: Path) -> None:
    tokenizer = Tokenizer(read_tokenizer_files(tiny), 4096)
    for number in (0, 7, 1865, 4000):
        prompt = write_prompt(number, 103)
        assert len(tokenizer.encode_prompt(prompt)) == 103
        assert tuple(build_tokenizer().encode(prompt).ids) == tokenizer.encode_prompt(prompt)


def test_different_prompts_begin_differently() -> None:
    assert len({write_words(number, 5).split()[0] for number in range(len(WORDS))}) == len(WORDS)


def test_every_word_that_the_model_can_say_comes_back_as_its_token() -> None:
    tokenizer = build_tokenizer()
    tokens = spoken_token_ids()
    assert tokenizer.get_vocab_size() == 4096
    assert tokenizer.encode(tokenizer.decode(tokens)).ids[1:] == tokens


def test_the_model_says_words_and_never_ends(tiny: Path) -> None:
    executor = load_torch_executor(open_checkpoint(tiny), 1, 64, 1)
    spoken = set(spoken_token_ids())
    for number in range(20):
        prompt = build_tokenizer().encode(write_prompt(number, 16)).ids
        token = int(executor.prefill(0, prompt).argmax())
        assert token in spoken
        assert token != END_ID
