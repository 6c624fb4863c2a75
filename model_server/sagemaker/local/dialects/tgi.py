"""TGI's own dialect, `inputs`, as its versions from 1.1 to 3 speak it.

Differences by version: `index` since 1.4, a space after `data:` since 2.1, `input_length` since 2.3; how many tokens an
answer has where the request does not say.
"""

from __future__ import annotations

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

Version = tuple[int, int]
PARAMETERS = (
    *("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "do_sample", "stop", "truncate", "seed"),
    *("typical_p", "watermark", "best_of", "decoder_input_details", "top_n_tokens", "frequency_penalty", "grammar"),
)
KEEP_ALIVE = b":\n\n"


@dataclass(frozen=True, slots=True)
class TgiWriter:
    """A stream of server-sent events."""

    version: Version
    prompt: str
    has_details: bool
    seed: int | None
    tokens: list[Token]
    media_type: str = "text/event-stream"

    def opening(self) -> bytes:
        return b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        self.tokens.append(token)
        event: JsonObject = {"index": len(self.tokens)} if self.version >= (1, 4) else {}
        event["token"] = {"id": token.id, "text": token.text, "logprob": token.logprob, "special": token.is_special}
        event["generated_text"] = self.prompt + answer_text(self.tokens) if end else None
        event["details"] = details(self.version, end, self.seed) if end and self.has_details else None
        return self._event(event)

    def failure(self, failure: Failure) -> bytes:
        return self._event(error_object(failure))

    def _event(self, content: JsonObject) -> bytes:
        return event_prefix(self.version) + encode(content) + b"\n\n"


@dataclass(frozen=True, slots=True)
class Tgi:
    version: Version
    answers_at_once: bool = True

    def read(self, body: bytes) -> Question:
        content = parse_object(body)
        if content is None or not isinstance(content.get("inputs"), str):
            raise unreadable("missing field `inputs`")
        return self.question(content)

    def question(self, content: JsonObject) -> Question:
        given = content.get("parameters") or {}
        prompt = content["inputs"] if given.get("return_full_text") else ""
        has_details, seed = bool(given.get("details")), given.get("seed")
        known = {name: given[name] for name in PARAMETERS if given.get(name) is not None}
        parameters = {"max_new_tokens": default_length(self.version), **known}

        def whole(tokens: list[Token], end: End) -> bytes:
            answer: JsonObject = {"generated_text": prompt + answer_text(tokens)}
            if has_details:
                told = details((1, 1), end, seed)  # the prompt's length is told in streams only
                answer["details"] = {**told, "prefill": [], "tokens": []}
            return encode([answer])

        writer = TgiWriter(self.version, prompt, has_details, seed, []) if content.get("stream") else None
        return Question({"inputs": content["inputs"], "parameters": parameters}, writer, whole, KEEP_ALIVE)

    def refuse(self, failure: Failure) -> ContainerRefusal:
        return ContainerRefusal(failure.status, encode(error_object(failure)).decode())


def event_prefix(version: Version) -> bytes:
    return b"data: " if version >= (2, 1) else b"data:"


def default_length(version: Version) -> int:
    """Return how many tokens an answer has at most, where the request does not say."""
    if version < (1, 4):
        return 20
    return 100 if version < (3, 3) else 1024


def details(version: Version, end: End, seed: int | None) -> JsonObject:
    content: JsonObject = {"finish_reason": end.reason, "generated_tokens": end.generated_tokens, "seed": seed}
    return {**content, "input_length": end.prompt_tokens} if version >= (2, 3) else content


def error_object(failure: Failure) -> JsonObject:
    return {"error": failure.message, "error_type": failure.kind}


def unreadable(reason: str) -> ContainerRefusal:
    """Return what the container's web framework says, as plain text, of a body of another form."""
    return ContainerRefusal(422, f"Failed to deserialize the JSON body into the target type: {reason}")
