"""LMI containers (DJL): which of their forms a body and the environment ask for, by release.

Releases name themselves twice: 0.33 is LMI 15. Those with vLLM behind them (`is_async`) speak OpenAI's API without its
`data:`; those with a rolling batch write chats in a form of their own, for which LmiChatWriter is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from model_server.sagemaker.local.dialects.base import (
    ContainerRefusal,
    End,
    Failure,
    JsonObject,
    Question,
    Token,
    Writer,
    answer_text,
    encode_python,
    parse_object,
)
from model_server.sagemaker.local.dialects.lmi_lines import (
    BATCH_FAILURE,
    JSON_LINES,
    AsyncWriter,
    LinesWriter,
    OutputsWriter,
    PiecesWriter,
    Version,
)
from model_server.sagemaker.local.dialects.openai import chat_question, read_openai

Formatter = Literal["json", "jsonlines", "sse"]
READ = ("temperature", "repetition_penalty", "top_k", "top_p", "typical_p", "do_sample", "seed", "truncate")
DEFAULT_LENGTH = 30
CHAT_ID = "chatcmpl-140000000000000"


@dataclass(frozen=True, slots=True)
class LmiChatWriter:
    """Chats of a rolling batch: no usage, and no [DONE] but in events."""

    created: int
    is_events: bool
    tokens: list[Token] = field(default_factory=list)

    @property
    def media_type(self) -> str:
        return "text/event-stream" if self.is_events else JSON_LINES

    def opening(self) -> bytes:
        return b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        delta = {"content": "" if token.is_special else token.text}
        if not self.tokens:
            delta["role"] = "assistant"
        self.tokens.append(token)
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end and end.reason}
        line = encode_python({**self._head("chat.completion.chunk"), "choices": [choice]})
        if not self.is_events:
            return line + b"\n"
        return b"data: " + line + b"\n\n" + (b"data: [DONE]\n\n" if end else b"")

    def failure(self, failure: Failure) -> bytes:
        choice = {"index": 0, "delta": {"content": ""}, "logprobs": None, "finish_reason": "error"}
        return encode_python({**self._head("chat.completion.chunk"), "choices": [choice]}) + b"\n"

    def whole(self, tokens: list[Token], end: End) -> bytes:
        message = {"role": "assistant", "content": answer_text(tokens)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": end.reason}
        total = end.prompt_tokens + end.generated_tokens
        counts = {"prompt_tokens": end.prompt_tokens, "completion_tokens": end.generated_tokens, "total_tokens": total}
        return encode_python({**self._head("chat.completion"), "choices": [choice], "usage": counts})

    def _head(self, kind: str) -> JsonObject:
        return {"id": CHAT_ID, "object": kind, "created": self.created}


@dataclass(frozen=True, slots=True)
class Lmi:
    """`formatter` is OPTION_OUTPUT_FORMATTER, `is_tgi` OPTION_TGI_COMPAT, `is_async` OPTION_ASYNC_MODE."""

    version: Version
    model: str
    formatter: Formatter = "json"
    is_tgi: bool = False
    is_async: bool = False
    clock: Callable[[], float] = time.time
    answers_at_once: bool = False

    def read(self, body: bytes) -> Question:
        content = parse_object(body) or {}
        if isinstance(content.get("inputs"), str):
            return self._prompt_question(content)
        if self.is_async and ("messages" in content or "prompt" in content):
            return read_openai(content, self.model, int(self.clock()), is_events=False)
        if self.version >= (0, 28) and "messages" in content:
            writer = LmiChatWriter(int(self.clock()), is_events=self.formatter == "sse")
            asked = chat_question(content, DEFAULT_LENGTH)
            return Question(asked, writer if content.get("stream") else None, writer.whole)
        raise self.refuse(Failure(424, "validation", "Input must contain the field inputs."))

    def refuse(self, failure: Failure) -> ContainerRefusal:
        status = 503 if failure.kind == "overloaded" else 424
        if self.is_async:
            body: JsonObject = {"code": status, "message": failure.message, "error": failure.message}
        else:
            body = {"error": failure.message if failure.kind != "generation" else BATCH_FAILURE, "code": status}
        return ContainerRefusal(status, encode_python(body).decode())

    def _prompt_question(self, content: JsonObject) -> Question:
        given = content.get("parameters") or {}
        prompt, has_details = content["inputs"], bool(given.get("details")) or self.is_tgi
        asked = {"inputs": prompt, "parameters": self._parameters(given)}
        if self.is_async:
            full = AsyncWriter(prompt, has_details, bool(given.get("return_full_text")), given.get("seed"))
            return Question(asked, full if content.get("stream") else None, full.whole)
        pieces = PiecesWriter(self.version, prompt, has_details, self.is_tgi)
        return Question(asked, self._writer(prompt, has_details, pieces, bool(content.get("stream"))), pieces.whole)

    def _writer(self, prompt: str, has_details: bool, pieces: PiecesWriter, is_asked: bool) -> Writer | None:
        """Return what writes a stream, which the environment may want, or the body where the release reads it."""
        if (self.is_tgi and self.version >= (0, 29)) or self.formatter == "sse":
            is_wanted = is_asked or self.formatter == "sse"
            return LinesWriter(self.version, prompt, has_details, is_events=True) if is_wanted else None
        if self.formatter == "jsonlines":
            before = self.version < (0, 26)
            return OutputsWriter(self.version) if before else LinesWriter(self.version, prompt, has_details)
        if self.version < (0, 29):
            return pieces
        return LinesWriter(self.version, prompt, has_details) if is_asked else None

    def _parameters(self, given: JsonObject) -> JsonObject:
        parameters = {name: given[name] for name in READ if given.get(name) is not None}
        parameters["max_new_tokens"] = given.get("max_new_tokens") or DEFAULT_LENGTH
        stops = [] if self.is_async else list(given.get("stop_sequences") or [])
        if self.version >= (0, 28):
            stops += given.get("stop") or []
        if self.version < (0, 32):
            parameters["do_sample"] = bool(given.get("do_sample"))
        return {**parameters, "stop": stops}
