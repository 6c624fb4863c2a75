from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Encoder

from model_server.engine.detokenizer import Detokenizer
from model_server.engine.pieces import piece_table
from model_server.errors import ConfigurationError
from tests.model_server.checkpoints import byte_level_tokenizer, sentencepiece_tokenizer

BYTE_LEVEL = byte_level_tokenizer()
SENTENCEPIECE = sentencepiece_tokenizer()
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=80)


def detokenize(encoder: Encoder, tokens: list[int]) -> str:
    detokenizer = Detokenizer(piece_table(json.loads(encoder.to_str())))
    return "".join(map(detokenizer.feed, tokens)) + detokenizer.flush()


@given(TEXTS.filter(lambda text: "<s>" not in text))
def test_any_text_comes_back_from_byte_level_tokens(text: str) -> None:
    assert detokenize(BYTE_LEVEL, BYTE_LEVEL.encode(text).ids) == text


@given(TEXTS.filter(bool))
def test_any_text_comes_back_from_sentencepiece_tokens_after_a_space(text: str) -> None:
    assert detokenize(SENTENCEPIECE, SENTENCEPIECE.encode(text).ids) == " " + text


@given(TEXTS)
def test_every_piece_that_is_fed_is_whole_characters(text: str) -> None:
    detokenizer = Detokenizer(piece_table(json.loads(BYTE_LEVEL.to_str())))
    parts = [detokenizer.feed(token) for token in BYTE_LEVEL.encode(text).ids]
    assert not any("\ufffd" in part for part in parts) or "\ufffd" in text


@given(st.lists(st.integers(min_value=3, max_value=349), max_size=40))
def test_any_tokens_give_what_the_tokenizer_decodes(tokens: list[int]) -> None:
    assert detokenize(BYTE_LEVEL, tokens) == BYTE_LEVEL.decode(tokens, skip_special_tokens=True)


@pytest.mark.parametrize("encoder", [BYTE_LEVEL, SENTENCEPIECE])
def test_control_tokens_and_unknown_ids_are_no_text(encoder: Encoder) -> None:
    assert detokenize(encoder, [0, 1, 2, 100_000]) == ""


def test_an_answer_that_ends_inside_a_character_shows_a_replacement() -> None:
    tokens = BYTE_LEVEL.encode("😀").ids
    assert len(tokens) > 1
    assert detokenize(BYTE_LEVEL, tokens[:-1]) == "\ufffd"


def test_another_kind_of_tokenizer_is_refused() -> None:
    content = json.loads(BYTE_LEVEL.to_str())
    with pytest.raises(ConfigurationError, match="neither byte-level nor sentencepiece"):
        piece_table({**content, "decoder": {"type": "WordPiece"}})
