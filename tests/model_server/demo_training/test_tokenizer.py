"""The shipped tokenizer: any text survives, and histories read back to the same tokens."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from model_server.demo_training.batches import encode, tokenizer_texts, user_text
from model_server.demo_training.corpus.dialogue import dialogue
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.turns import Turn
from model_server.demo_training.tokenizer import BEGIN_ID, END_ID, UNKNOWN_ID, load_tokenizer, train_tokenizer

MODEL = Path(__file__).parents[3] / "model_server" / "demo_model"
TOKENIZER: Tokenizer = load_tokenizer(MODEL)

texts = st.text().filter(lambda text: not re.search(r"<unk>|</?s>", text))


@given(texts)
def test_any_text_survives_a_round_trip(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text, add_special_tokens=False).ids) == text


@pytest.mark.parametrize("text", ["a\u2028b", "🦊🇩🇪👩‍👩‍👧", "  two  spaces\n\n", "\x00\r\n\t", "Ünïcödé 明", "12345"])
def test_special_characters_decode_exactly(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text).ids) == text


def test_control_strings_are_single_tokens() -> None:
    ids = TOKENIZER.encode("<s><unk>text</s>", add_special_tokens=False).ids
    assert (ids[0], ids[1], ids[-1]) == (BEGIN_ID, UNKNOWN_ID, END_ID)


def test_instruction_marks_are_one_ordinary_token_each() -> None:
    tokens = TOKENIZER.encode(" [INST] hi [/INST]", add_special_tokens=False).tokens
    assert tokens[0] == "Ġ[INST]"
    assert tokens[-1] == "Ġ[/INST]"


def test_digits_are_single() -> None:
    assert TOKENIZER.encode("1874", add_special_tokens=False).tokens == ["1", "8", "7", "4"]


def test_the_beginning_is_added_once_and_only_on_request() -> None:
    assert TOKENIZER.encode("hi").ids == [BEGIN_ID, *TOKENIZER.encode("hi", add_special_tokens=False).ids]


@given(texts, texts)
def test_an_answer_has_the_same_tokens_in_the_history_as_by_itself(user: str, answer: str) -> None:
    def ids(text: str) -> list[int]:
        return list(TOKENIZER.encode(text, add_special_tokens=False).ids)

    prompt = user_text(Turn("x", "x"), "").replace("x", user or "x")
    whole = ids(f"{prompt} {answer or 'x'}</s> [INST] more [/INST]")
    assert whole == [*ids(prompt), *ids(f" {answer or 'x'}"), END_ID, *ids(" [INST] more [/INST]")]


def test_training_reads_the_tokens_that_the_whole_text_has() -> None:
    source = Source(1)
    for _ in range(30):
        conversation = dialogue(source)
        encoded = encode(TOKENIZER, conversation)
        text = TOKENIZER.decode(encoded.ids, skip_special_tokens=False)
        assert TOKENIZER.encode(text, add_special_tokens=False).ids == encoded.ids
        assert text.startswith("<s> [INST] ")


def test_a_tokenizer_trained_twice_is_the_same() -> None:
    first, second = (train_tokenizer(tokenizer_texts(Source(1), 50), 600) for _ in range(2))
    assert first.to_str() == second.to_str()
