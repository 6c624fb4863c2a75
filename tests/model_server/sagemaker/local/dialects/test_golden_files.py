"""Every dialect writes the golden files byte for byte: one answer, in all forms that containers have for it."""

from __future__ import annotations

from typing import Any

import pytest

from model_server.sagemaker.local.dialects.base import Dialect, End, Failure, Question, Token, encode
from model_server.sagemaker.local.dialects.lmi import Lmi
from model_server.sagemaker.local.dialects.openai import Vllm
from model_server.sagemaker.local.dialects.tgi import Tgi
from model_server.sagemaker.local.dialects.tgi_messages import TgiMessages
from tests.wire_files import wire_bytes

TEXTS = ("Hel", "lo, ", "naïve", " \u2028\u0085", "你好 😀", '\n"\\\t')
TOKENS = tuple(Token(number, text, -0.25) for number, text in enumerate(TEXTS, 1))
END_TOKEN = Token(7, "</s>", -0.25, is_special=True)
END = End("eos_token", 7, 7)
LENGTH = End("length", 2, 7)
MODEL = "twinstream-demo"
PROMPT: dict[str, Any] = {"inputs": "[INST] Hi [/INST]", "parameters": {"details": True}, "stream": True}
SILENT = {"inputs": "[INST] Hi [/INST]", "stream": True}
WHOLE = {"inputs": "[INST] Hi [/INST]", "parameters": {"details": True}}
FULL = {**PROMPT, "parameters": {"details": True, "return_full_text": True}}
CHAT = {
    "messages": [{"role": "user", "content": "Hi"}],
    "stream": True,
    "stream_options": {"include_usage": True},
}
CHAT_WITHOUT_USAGE = {**CHAT, "stream_options": None}
COMPLETION = {"prompt": "[INST] Hi [/INST]", "stream": True, "stream_options": {"include_usage": True}}
OUT_OF_MEMORY = Failure(424, "generation", "Request failed during generation: Server error: out of memory")
ENGINE_DEAD = Failure(500, "generation", "EngineCore encountered an issue.")
TOO_LONG = "Input validation error: `inputs` must have less than 8191 tokens. Given: 9000"


def now() -> float:
    return 1_763_660_000.5


def lmi(minor: int, **options: Any) -> Lmi:
    return Lmi((0, minor), MODEL, clock=now, **options)


VLLM = Vllm(MODEL, now)
ASYNC = lmi(35, is_async=True)

STREAMS: list[tuple[str, Dialect, dict[str, Any]]] = [
    ("tgi_1.1.sse", Tgi((1, 1)), PROMPT),
    ("tgi_1.4.sse", Tgi((1, 4)), PROMPT),
    ("tgi_2.1.sse", Tgi((2, 1)), PROMPT),
    ("tgi_3.3.sse", Tgi((3, 3)), PROMPT),
    ("tgi_3.3_without_details.sse", Tgi((3, 3)), SILENT),
    ("tgi_messages_1.4.sse", TgiMessages("1.4.0", MODEL, clock=now), CHAT),
    ("tgi_messages_2.2.sse", TgiMessages("2.2.0", MODEL, clock=now), CHAT),
    ("tgi_messages_3.3.sse", TgiMessages("3.3.6", MODEL, Tgi((3, 3)), clock=now), CHAT),
    ("lmi_0.25_outputs.jsonl", lmi(25, formatter="jsonlines"), SILENT),
    ("lmi_0.25_pieces.json", lmi(25), SILENT),
    ("lmi_0.26_pieces_with_details.json", lmi(26), PROMPT),
    ("lmi_0.26_pieces_tgi_compat.json", lmi(26, is_tgi=True), PROMPT),
    ("lmi_0.26.jsonl", lmi(26, formatter="jsonlines"), PROMPT),
    ("lmi_0.27.jsonl", lmi(27, formatter="jsonlines"), PROMPT),
    ("lmi_0.29.jsonl", lmi(33), PROMPT),
    ("lmi_0.29_without_details.jsonl", lmi(33), SILENT),
    ("lmi_tgi_compat.sse", lmi(33, is_tgi=True), SILENT),
    ("lmi_async.jsonl", ASYNC, PROMPT),
    ("lmi_async_without_details.jsonl", ASYNC, SILENT),
    ("lmi_async_full_text.jsonl", ASYNC, FULL),
    ("lmi_async_messages.jsonl", ASYNC, CHAT),
    ("lmi_async_prompt.jsonl", ASYNC, COMPLETION),
    ("lmi_messages.jsonl", lmi(33), CHAT),
    ("lmi_messages_0.36.sse", lmi(36, formatter="sse"), CHAT),
    ("vllm_chat.sse", VLLM, CHAT),
    ("vllm_chat_without_usage.sse", VLLM, CHAT_WITHOUT_USAGE),
    ("vllm_completion.sse", VLLM, COMPLETION),
]

WHOLES: list[tuple[str, Dialect, dict[str, Any]]] = [
    ("tgi_not_streamed.json", Tgi((3, 3)), WHOLE),
    ("tgi_not_streamed_without_details.json", Tgi((3, 3)), {**WHOLE, "parameters": {}}),
    ("tgi_messages_not_streamed.json", TgiMessages("3.3.6", MODEL, clock=now), {**CHAT, "stream": False}),
    ("lmi_async_not_streamed.json", ASYNC, WHOLE),
    ("lmi_messages_not_streamed.json", lmi(33), {**CHAT, "stream": False}),
    ("vllm_chat_not_streamed.json", VLLM, {**CHAT, "stream": False}),
    ("vllm_completion_not_streamed.json", VLLM, {**COMPLETION, "stream": False}),
]

FAILURES: list[tuple[str, Dialect, dict[str, Any], int, Failure]] = [
    ("tgi_1.1_error_validation.sse", Tgi((1, 1)), PROMPT, 0, Failure(422, "validation", TOO_LONG)),
    ("tgi_1.1_error_overloaded.sse", Tgi((1, 1)), PROMPT, 0, Failure(429, "overloaded", "Model is overloaded")),
    ("tgi_3.3_error_generation.sse", Tgi((3, 3)), PROMPT, 2, OUT_OF_MEMORY),
    ("tgi_messages_3.3_error.sse", TgiMessages("3.3.6", MODEL, clock=now), CHAT, 1, OUT_OF_MEMORY),
    ("lmi_0.24_error.jsonl", lmi(24, formatter="jsonlines"), PROMPT, 2, OUT_OF_MEMORY),
    ("lmi_0.26_pieces_error.json", lmi(26), PROMPT, 2, OUT_OF_MEMORY),
    ("lmi_0.29_error.jsonl", lmi(33), PROMPT, 2, OUT_OF_MEMORY),
    ("lmi_async_error.jsonl", ASYNC, PROMPT, 2, ENGINE_DEAD),
    ("vllm_chat_error.sse", VLLM, CHAT, 2, ENGINE_DEAD),
]


@pytest.mark.parametrize(("name", "dialect", "body"), STREAMS, ids=[name for name, *_ in STREAMS])
def test_a_stream_is_its_golden_file(name: str, dialect: Dialect, body: dict[str, Any]) -> None:
    assert _stream(dialect.read(encode(body)), TOKENS, (END_TOKEN, END)) == _golden(name)


@pytest.mark.parametrize(("name", "dialect"), [("tgi_3.3_length.sse", Tgi((3, 3))), ("lmi_0.29_length.jsonl", lmi(33))])
def test_the_last_token_of_an_answer_that_was_cut_is_text(name: str, dialect: Dialect) -> None:
    assert _stream(dialect.read(encode(PROMPT)), TOKENS[:1], (TOKENS[1], LENGTH)) == _golden(name)


@pytest.mark.parametrize(("name", "dialect", "body"), WHOLES, ids=[name for name, *_ in WHOLES])
def test_an_answer_that_is_not_streamed_is_its_golden_file(name: str, dialect: Dialect, body: dict[str, Any]) -> None:
    question = dialect.read(encode(body))
    assert question.writer is None
    assert question.whole([*TOKENS, END_TOKEN], END) == _golden(name)


@pytest.mark.parametrize(("name", "dialect", "body", "count", "failure"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_stream_that_breaks_off_is_its_golden_file(
    name: str, dialect: Dialect, body: dict[str, Any], count: int, failure: Failure
) -> None:
    writer = dialect.read(encode(body)).writer
    assert writer is not None
    opening = writer.opening()
    assert opening + b"".join(map(writer.token, TOKENS[:count])) + writer.failure(failure) == _golden(name)


def _stream(question: Question, tokens: tuple[Token, ...], last: tuple[Token, End]) -> bytes:
    writer = question.writer
    assert writer is not None
    return writer.opening() + b"".join(map(writer.token, tokens)) + writer.token(*last)


def _golden(name: str) -> bytes:
    return wire_bytes(f"sagemaker/{name}")
