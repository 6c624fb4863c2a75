"""The objects of answers in OpenAI's form: chunks of a stream, whole answers, and errors. Pure.

Two families differ in a few names only: text completions and chat completions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from model_server.engine.request import FinishReason, Usage
from model_server.errors import ServerError

JsonObject = dict[str, Any]
Json = JsonObject | list[Any]


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """What all objects of one answer share. `id` has no prefix; `created` is in seconds since 1970."""

    id: str
    created: int
    model: str
    includes_usage: bool = False


class AnswerForm(Protocol):
    """How the parts of one answer look on the wire."""

    def opening(self) -> JsonObject | None:
        """Return the chunk that comes before the first text, where there is one."""

    def chunk(self, text: str | None, reason: FinishReason | None) -> JsonObject:
        """Return a chunk with more text, or the last one with a reason."""

    def usage_chunk(self, usage: Usage) -> JsonObject | None:
        """Return the chunk that carries the counts, where they were asked for."""

    def whole(self, text: str, reason: FinishReason, usage: Usage) -> JsonObject:
        """Return the answer that is not streamed."""


@dataclass(frozen=True, slots=True)
class CompletionForm:
    """/v1/completions"""

    head: AnswerHead

    def opening(self) -> JsonObject | None:
        return None

    def chunk(self, text: str | None, reason: FinishReason | None) -> JsonObject:
        return self._object([self._choice(text or "", reason)], self.head.includes_usage, None)

    def usage_chunk(self, usage: Usage) -> JsonObject | None:
        return self._object([], True, usage) if self.head.includes_usage else None

    def whole(self, text: str, reason: FinishReason, usage: Usage) -> JsonObject:
        return self._object([self._choice(text, reason)], True, usage)

    def _choice(self, text: str, reason: FinishReason | None) -> JsonObject:
        return {"index": 0, "text": text, "logprobs": None, "finish_reason": reason and reason.value}

    def _object(self, choices: list[JsonObject], with_usage: bool, usage: Usage | None) -> JsonObject:
        return _answer_object("cmpl", "text_completion", self.head, choices, with_usage, usage)


@dataclass(frozen=True, slots=True)
class ChatForm:
    """/v1/chat/completions"""

    head: AnswerHead

    def opening(self) -> JsonObject | None:
        return self._chunk([self._choice({"role": "assistant", "content": ""}, None)], self.head.includes_usage, None)

    def chunk(self, text: str | None, reason: FinishReason | None) -> JsonObject:
        delta = {"content": text} if text else {}
        return self._chunk([self._choice(delta, reason)], self.head.includes_usage, None)

    def usage_chunk(self, usage: Usage) -> JsonObject | None:
        return self._chunk([], True, usage) if self.head.includes_usage else None

    def whole(self, text: str, reason: FinishReason, usage: Usage) -> JsonObject:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason.value}
        return _answer_object("chatcmpl", "chat.completion", self.head, [choice], True, usage)

    def _choice(self, delta: JsonObject, reason: FinishReason | None) -> JsonObject:
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason and reason.value}

    def _chunk(self, choices: list[JsonObject], with_usage: bool, usage: Usage | None) -> JsonObject:
        return _answer_object("chatcmpl", "chat.completion.chunk", self.head, choices, with_usage, usage)


def model_list(model_id: str, created: int, maximum_length: int) -> JsonObject:
    """Return the body of GET /v1/models; `maximum_length` is the window in tokens."""
    return {"object": "list", "data": [model_object(model_id, created, maximum_length)]}


def model_object(model_id: str, created: int, maximum_length: int) -> JsonObject:
    """Return the body of GET /v1/models/{id}."""
    entry = {"id": model_id, "object": "model", "created": created, "owned_by": "twinstream"}
    return {**entry, "max_model_len": maximum_length}


def token_count(tokens: tuple[int, ...], maximum_length: int) -> JsonObject:
    """Return the body of POST /tokenize."""
    return {"count": len(tokens), "max_model_len": maximum_length, "tokens": list(tokens)}


def error_object(error: ServerError) -> JsonObject:
    """Return OpenAI's error object."""
    content = {"message": error.user_message, "type": error.kind, "param": error.parameter, "code": error.code}
    return {"error": content}


def _answer_object(
    prefix: str, kind: str, head: AnswerHead, choices: list[JsonObject], with_usage: bool, usage: Usage | None
) -> JsonObject:
    answer: JsonObject = {
        "id": f"{prefix}-{head.id}",
        "object": kind,
        "created": head.created,
        "model": head.model,
        "choices": choices,
    }
    if with_usage:
        answer["usage"] = usage and _usage_object(usage)
    return answer


def _usage_object(usage: Usage) -> JsonObject:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
