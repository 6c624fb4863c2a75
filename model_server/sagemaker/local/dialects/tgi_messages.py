"""TGI's Messages API: chats at /invocations, from 1.4 to 2.3 where the environment says so, since 2.4 by the body."""

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
from model_server.sagemaker.local.dialects.openai import chat_question
from model_server.sagemaker.local.dialects.tgi import (
    KEEP_ALIVE,
    Tgi,
    Version,
    default_length,
    error_object,
    event_prefix,
    unreadable,
)

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class TgiChatWriter:
    """`release` is the whole version, such as 3.3.6."""

    release: str
    version: Version
    created: int
    model: str
    has_usage: bool
    media_type: str = "text/event-stream"

    def opening(self) -> bytes:
        return b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        delta = {"role": "assistant", "content": "" if token.is_special else token.text}
        reason = None if end is None else finish_reason(self.version, end)
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        last = b""
        if end is not None:
            last = self._chunk([], usage(end)) if self.has_usage else b""
            last += DONE if self.version >= (2, 2) else b""
        return self._chunk([choice], None) + last

    def failure(self, failure: Failure) -> bytes:
        if self.version < (3, 2):
            return self._event(error_object(failure))
        return self._event({"error": {"message": failure.message, "http_status_code": failure.status}}) + DONE

    def whole(self, tokens: list[Token], end: End) -> bytes:
        message = {"role": "assistant", "content": answer_text(tokens)}
        reason = finish_reason(self.version, end)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        kind = "chat.completion" if self.version >= (2, 1) else "text_completion"
        return encode({**self._head(kind), "choices": [choice], "usage": usage(end)})

    def _chunk(self, choices: list[JsonObject], counts: JsonObject | None) -> bytes:
        head = self._head("chat.completion.chunk" if self.version >= (2, 1) else "text_completion")
        counted = {"usage": counts} if self.version >= (3, 0) else {}
        return self._event({**head, "choices": choices, **counted})

    def _head(self, kind: str) -> JsonObject:
        fingerprint = f"{self.release}-native"
        return {
            "object": kind,
            "id": "",
            "created": self.created,
            "model": self.model,
            "system_fingerprint": fingerprint,
        }

    def _event(self, content: JsonObject) -> bytes:
        return event_prefix(self.version) + encode(content) + b"\n\n"


@dataclass(frozen=True, slots=True)
class TgiMessages:
    """`native` answers `inputs`, where this version tells by the body which is meant."""

    release: str
    model: str
    native: Tgi | None = None
    clock: Callable[[], float] = time.time
    answers_at_once: bool = True

    def read(self, body: bytes) -> Question:
        content = parse_object(body) or {}
        if self.native is not None and isinstance(content.get("inputs"), str):
            return self.native.question(content)
        if not isinstance(content.get("messages"), list):
            raise unreadable("missing field `messages`")
        if isinstance(content.get("stop"), str):
            raise unreadable("stop: invalid type: string, expected a sequence")
        version = self._version()
        asked = chat_question(content, default_length(version))
        if version < (2, 0):
            asked.pop("stop", None)  # it reads none
        has_usage = version >= (3, 0) and bool((content.get("stream_options") or {}).get("include_usage"))
        writer = TgiChatWriter(self.release, version, int(self.clock()), self.model, has_usage)
        return Question(asked, writer if content.get("stream") else None, writer.whole, KEEP_ALIVE)

    def refuse(self, failure: Failure) -> ContainerRefusal:
        return ContainerRefusal(failure.status, encode(error_object(failure)).decode())

    def _version(self) -> Version:
        major, minor = self.release.split(".")[:2]
        return int(major), int(minor)


def finish_reason(version: Version, end: End) -> str:
    return "stop" if version >= (3, 0) and end.reason == "eos_token" else end.reason


def usage(end: End) -> JsonObject:
    total = end.prompt_tokens + end.generated_tokens
    return {"prompt_tokens": end.prompt_tokens, "completion_tokens": end.generated_tokens, "total_tokens": total}
