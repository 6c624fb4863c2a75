"""OpenAI's API as vLLM images speak it, and LMI's with vLLM behind it: chats and completions.

The same chunks come as server-sent events, or, from LMI, as lines without `data:`, `[DONE]` being an empty one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from model_server.sagemaker.local.dialects.base import (
    ContainerRefusal,
    End,
    Failure,
    JsonObject,
    Question,
    Token,
    answer_text,
    encode,
    parse_object,
)

SAMPLING = ("temperature", "top_p", "top_k", "repetition_penalty", "stop", "seed")
NO_HANDLER = "Cannot find suitable handler for request. Expected one of: ['chat', 'completion']"


@dataclass(frozen=True, slots=True)
class OpenAIWriter:
    """Writes one answer, in chunks or whole."""

    is_chat: bool
    created: int
    model: str
    has_usage: bool
    is_events: bool = True
    media_type: str = "text/event-stream"

    def opening(self) -> bytes:
        if not self.is_chat:
            return b""
        return self._chunk([self._choice({"delta": {"role": "assistant", "content": ""}}, None)])

    def token(self, token: Token, end: End | None = None) -> bytes:
        text = "" if token.is_special else token.text
        if end is None:
            return self._chunk([self._piece(text, None)])
        last = self._piece(text, finish_reason(end))
        usage_chunk = self._chunk([], usage(end)) if self.has_usage else b""
        return self._chunk([last]) + usage_chunk + (b"data: [DONE]\n\n" if self.is_events else b"\n")

    def failure(self, failure: Failure) -> bytes:
        return self._line(error_object(failure)) + (b"data: [DONE]\n\n" if self.is_events else b"")

    def whole(self, tokens: list[Token], end: End) -> bytes:
        text = answer_text(tokens)
        content: JsonObject = {"message": {"role": "assistant", "content": text}} if self.is_chat else {"text": text}
        choice = {**self._choice(content, finish_reason(end)), "stop_reason": None}
        kind = "chat.completion" if self.is_chat else "text_completion"
        return encode({**self._head(kind), "choices": [choice], "usage": usage(end)})

    def _piece(self, text: str, reason: str | None) -> JsonObject:
        if not self.is_chat:
            return {**self._choice({"text": text}, reason), "stop_reason": None}
        choice = self._choice({"delta": {"content": text}}, reason)
        return choice if reason is None else {**choice, "stop_reason": None}

    def _choice(self, content: JsonObject, reason: str | None) -> JsonObject:
        return {"index": 0, **content, "logprobs": None, "finish_reason": reason}

    def _chunk(self, choices: list[JsonObject], counts: JsonObject | None = None) -> bytes:
        chunk = {**self._head("chat.completion.chunk" if self.is_chat else "text_completion"), "choices": choices}
        if counts is not None or not self.is_chat:
            chunk["usage"] = counts
        return self._line(chunk)

    def _head(self, kind: str) -> JsonObject:
        prefix = "chatcmpl" if self.is_chat else "cmpl"
        return {"id": f"{prefix}-0", "object": kind, "created": self.created, "model": self.model}

    def _line(self, content: JsonObject) -> bytes:
        return b"data: " + encode(content) + b"\n\n" if self.is_events else encode(content) + b"\n"


@dataclass(frozen=True, slots=True)
class Vllm:
    """`messages` or `prompt`. `clock` gives seconds since 1970."""

    model: str
    clock: Callable[[], float] = time.time
    answers_at_once: bool = False

    def read(self, body: bytes) -> Question:
        content = parse_object(body) or {}
        if "messages" not in content and "prompt" not in content:
            raise self.refuse(Failure(400, "validation", NO_HANDLER))
        return read_openai(content, self.model, int(self.clock()), is_events=True)

    def refuse(self, failure: Failure) -> ContainerRefusal:
        return ContainerRefusal(error_status(failure), encode(error_object(failure)).decode())


def read_openai(content: JsonObject, model: str, created: int, *, is_events: bool) -> Question:
    """Return what a chat, or a completion of `prompt`, asks."""
    is_chat = "messages" in content
    has_usage = bool((content.get("stream_options") or {}).get("include_usage"))
    media_type = "text/event-stream" if is_events else "application/jsonlines"
    writer = OpenAIWriter(is_chat, created, model, has_usage, is_events, media_type)
    asked = chat_question(content) if is_chat else completion_question(content)
    return Question(asked, writer if content.get("stream") else None, writer.whole)


def chat_question(content: JsonObject, default_length: int | None = None) -> JsonObject:
    """Return a chat as the model server takes it."""
    length = content.get("max_completion_tokens") or content.get("max_tokens") or default_length
    known = {name: content[name] for name in SAMPLING if content.get(name) is not None}
    return {"messages": content["messages"], **known, **({"max_tokens": length} if length else {})}


def completion_question(content: JsonObject) -> JsonObject:
    """Return a completion as the model server takes prompts, which tells why an answer ended."""
    stop = content.get("stop") or []
    parameters = {name: content[name] for name in SAMPLING if content.get(name) is not None}
    parameters |= {"stop": [stop] if isinstance(stop, str) else stop}
    parameters |= {"max_new_tokens": content.get("max_tokens") or 16, "do_sample": content.get("temperature") != 0}
    return {"inputs": content["prompt"], "parameters": parameters}


def finish_reason(end: End) -> str:
    return "length" if end.reason == "length" else "stop"


def usage(end: End) -> JsonObject:
    total = end.prompt_tokens + end.generated_tokens
    return {"prompt_tokens": end.prompt_tokens, "total_tokens": total, "completion_tokens": end.generated_tokens}


def error_status(failure: Failure) -> int:
    return {"validation": 400, "overloaded": 503}.get(failure.kind, 500)


def error_object(failure: Failure) -> JsonObject:
    kind = "BadRequestError" if failure.kind == "validation" else "InternalServerError"
    return {"error": {"message": failure.message, "type": kind, "param": None, "code": error_status(failure)}}
