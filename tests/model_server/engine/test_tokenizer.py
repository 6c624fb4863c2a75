from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_server.engine.chat_template import ESCAPE, Message
from model_server.engine.tokenizer import Tokenizer
from model_server.engine.tokenizer_files import TokenizerFiles, read_tokenizer_files
from model_server.errors import ConfigurationError, ContextLengthExceeded, InvalidRequest
from tests.model_server.checkpoints import (
    CHAT_TEMPLATE,
    CONTROL_STRINGS,
    byte_level_tokenizer,
    sentencepiece_tokenizer,
    write_tokenizer,
)

BEGIN, END = 1, 2
BYTE_LEVEL = Tokenizer(
    TokenizerFiles(json.loads(byte_level_tokenizer().to_str()), "<s>", "</s>", CHAT_TEMPLATE), maximum_length=300
)
SENTENCEPIECE = Tokenizer(
    TokenizerFiles(json.loads(sentencepiece_tokenizer().to_str()), "<s>", "</s>", CHAT_TEMPLATE), maximum_length=300
)
CONTENT = st.lists(st.sampled_from([*CONTROL_STRINGS, "<", "s>", ">", ESCAPE, "0", "1", " ", "é", "x"]), max_size=10)


def text_of(tokenizer: Tokenizer, tokens: tuple[int, ...]) -> str:
    return b"".join(tokenizer.pieces[token] for token in tokens).decode()


@pytest.mark.parametrize("prompt", ["hello", "<s>hello", "<s><s>hello", "<s> hello"])
def test_exactly_one_begin_token_reaches_the_model(prompt: str) -> None:
    tokens = BYTE_LEVEL.encode_prompt(prompt)
    assert tokens[0] == BEGIN
    assert tokens.count(BEGIN) == 1


def test_the_begin_token_can_be_left_out() -> None:
    assert BYTE_LEVEL.encode_prompt("hello", add_begin_token=False) == BYTE_LEVEL.encode_prompt("hello")[1:]


def test_control_strings_of_a_prompt_become_control_tokens() -> None:
    tokens = BYTE_LEVEL.encode_prompt("<s> [INST] a [/INST] b</s> [INST] c [/INST]")
    assert [token for token in tokens if token in (BEGIN, END)] == [BEGIN, END]
    assert text_of(BYTE_LEVEL, tokens) == " [INST] a [/INST] b [INST] c [/INST]"


def test_one_space_after_a_control_token_is_not_doubled_in_sentencepiece_models() -> None:
    spaced, bare = SENTENCEPIECE.encode_prompt("<s> hello</s> you"), SENTENCEPIECE.encode_prompt("<s>hello</s>you")
    assert spaced == bare
    assert text_of(SENTENCEPIECE, spaced) == " hello you"


@given(CONTENT.map("".join))
def test_content_of_a_chat_never_becomes_a_control_token(content: str) -> None:
    tokens = BYTE_LEVEL.encode_chat([Message("user", content), Message("assistant", content), Message("user", content)])
    assert [token for token in tokens if token < len(CONTROL_STRINGS)] == [BEGIN, END]
    assert text_of(BYTE_LEVEL, tokens) == f" [INST] {content} [/INST] {content} [INST] {content} [/INST]"


def test_plain_content_is_encoded_as_in_a_rendered_prompt() -> None:
    prompt = "<s> [INST] hello [/INST] how are you</s> [INST] fox [/INST]"
    messages = [Message("user", "hello"), Message("assistant", "how are you"), Message("user", "fox")]
    assert BYTE_LEVEL.encode_chat(messages) == BYTE_LEVEL.encode_prompt(prompt)
    assert SENTENCEPIECE.encode_chat(messages) == SENTENCEPIECE.encode_prompt(prompt)


def test_a_prompt_far_too_long_is_refused_before_it_is_tokenised() -> None:
    with pytest.raises(ContextLengthExceeded):
        BYTE_LEVEL.encode_prompt("x" * 1_000_000)
    with pytest.raises(ContextLengthExceeded):
        BYTE_LEVEL.encode_chat([Message("user", "x" * 1_000_000)])


def test_a_prompt_that_fits_is_never_refused_for_its_bytes() -> None:
    longest = max(BYTE_LEVEL.pieces, key=len).decode()
    assert len(BYTE_LEVEL.encode_prompt(longest * 150)) <= 301


def test_marks_do_not_count_as_length() -> None:
    assert BYTE_LEVEL.encode_chat([Message("user", "<" * 290)])


def test_a_model_without_a_template_refuses_chats() -> None:
    files = TokenizerFiles(json.loads(byte_level_tokenizer().to_str()), "<s>", "</s>", None)
    with pytest.raises(InvalidRequest, match="no chat template"):
        Tokenizer(files, 300).encode_chat([Message("user", "hello")])


def test_a_model_without_a_begin_token_gets_none() -> None:
    files = TokenizerFiles(json.loads(byte_level_tokenizer().to_str()), None, "</s>", None)
    assert BEGIN not in Tokenizer(files, 300).encode_prompt("hello")


def test_a_begin_token_that_is_no_control_token_is_refused() -> None:
    files = TokenizerFiles(json.loads(byte_level_tokenizer().to_str()), "<begin>", "</s>", None)
    with pytest.raises(ConfigurationError, match="<begin>"):
        Tokenizer(files, 300)


def test_the_template_may_be_a_file_or_one_of_several(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, byte_level_tokenizer())
    configuration = tmp_path / "tokenizer_config.json"
    several = [{"name": "tools", "template": "no"}, {"name": "default", "template": "yes"}]
    configuration.write_text(json.dumps({"bos_token": {"content": "<s>"}, "chat_template": several}), encoding="utf-8")
    assert read_tokenizer_files(tmp_path).chat_template == "yes"
    configuration.write_text(json.dumps({"bos_token": "<s>", "add_bos_token": False}), encoding="utf-8")
    (tmp_path / "chat_template.jinja").write_text("file", encoding="utf-8")
    files = read_tokenizer_files(tmp_path)
    assert (files.chat_template, files.begin_token) == ("file", None)


def test_unreadable_tokenizer_files_are_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tokenizer_config\.json"):
        read_tokenizer_files(tmp_path)
