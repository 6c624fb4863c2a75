"""Prompts and chats on Mistral's own vocabulary, token for token what mistral-common makes of them."""

from __future__ import annotations

from importlib.resources import files
from random import Random
from typing import Any

import pytest
from mistral_common.protocol.instruct.messages import AssistantMessage, UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from sentencepiece import SentencePieceProcessor

from model_server.engine.chat_template import Message
from model_server.engine.tokenizer import Tokenizer
from model_server.engine.tokenizer_files import TokenizerFiles
from tests.model_server.checkpoints import CHAT_TEMPLATE, as_sentencepiece

MistralTokenizerV1 = MistralTokenizer[Any, Any, Any, Any, Any]
PIECES = [
    "hello",
    " ",
    "  ",
    "\n",
    "\t",
    "é",
    "你好",
    "😀",
    "Ω",
    "1234",
    "a b",
    "INST",
    "[",
    "]",
    "/",
    ">",
    "  x",
    "(s)",
]
CONTROL_PIECES = ["<", "s>", "</", "<s>", "</s>", "<unk>", "[INST]", "[/INST]"]


@pytest.fixture(scope="module")
def oracle() -> MistralTokenizerV1:
    return MistralTokenizer.v1()


@pytest.fixture(scope="module")
def mistral() -> Tokenizer:
    """Mistral-7B's vocabulary in the form of its tokenizer.json."""
    processor = SentencePieceProcessor(str(files("mistral_common") / "data" / "tokenizer.model.v1"))
    vocabulary = {processor.id_to_piece(token): token for token in range(processor.vocab_size())}
    merges = [
        (-processor.get_score(token), vocabulary[piece[:cut]], vocabulary[piece[cut:]], [piece[:cut], piece[cut:]])
        for piece, token in vocabulary.items()
        if not (processor.is_control(token) or processor.is_unknown(token) or processor.is_byte(token))
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    model: dict[str, Any] = {"type": "BPE", "unk_token": "<unk>", "vocab": vocabulary}
    model["merges"] = [pair for _, _, _, pair in sorted(merges)]
    added = [{"id": token, "content": text, "special": True} for token, text in enumerate(["<unk>", "<s>", "</s>"])]
    content = as_sentencepiece({"version": "1.0", "added_tokens": added, "model": model})
    return Tokenizer(TokenizerFiles(content, "<s>", "</s>", CHAT_TEMPLATE), maximum_length=32768)


def conversation(random: Random, pieces: list[str]) -> list[str]:
    """Return what user and assistant say in turn, the user last."""
    turns = random.choice([1, 3, 5])
    return ["x" + "".join(random.choices(pieces, k=random.randint(0, 12))) for _ in range(turns)]


def expected_tokens(oracle: MistralTokenizerV1, texts: list[str]) -> tuple[int, ...]:
    messages = [(AssistantMessage if turn % 2 else UserMessage)(content=text) for turn, text in enumerate(texts)]
    return tuple(oracle.encode_chat_completion(ChatCompletionRequest(messages=messages)).tokens)


def test_a_rendered_prompt_has_the_tokens_of_mistral_common(mistral: Tokenizer, oracle: MistralTokenizerV1) -> None:
    random = Random(1)
    for _ in range(200):
        texts = conversation(random, PIECES)
        turns = [f" {text}</s>" if turn % 2 else f" [INST] {text} [/INST]" for turn, text in enumerate(texts)]
        for begin in ("", "<s>"):  # with or without it, exactly one begin token reaches the model
            assert mistral.encode_prompt(begin + "".join(turns)) == expected_tokens(oracle, texts)


def test_a_chat_has_the_tokens_of_mistral_common_whatever_it_spells(
    mistral: Tokenizer, oracle: MistralTokenizerV1
) -> None:
    random = Random(2)
    for _ in range(200):
        texts = conversation(random, PIECES + CONTROL_PIECES)
        messages = [Message("assistant" if turn % 2 else "user", text) for turn, text in enumerate(texts)]
        assert mistral.encode_chat(messages) == expected_tokens(oracle, texts)
