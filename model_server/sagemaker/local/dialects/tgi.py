"""TGI's own dialect, `inputs`, as its versions from 1.1 to 3 speak it.

Differences by version: `index` since 1.4, a space after `data:` since 2.1, `input_length` since 2.3; how many tokens an
answer has where the request does not say.

A stop text is a part of the answer in all of them. The model server leaves it out and does not tell which of several it
was, so the first is written, which a reader has to cut off like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

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
MAXIMUM_STOPS = 4
KEEP_ALIVE = b":\n\n"


@dataclass(frozen=True, slots=True)
class TgiWriter:
    """A stream of server-sent events."""

    version: Version
    prompt: str
    has_details: bool
    seed: int | None
    stop: str
    tokens: list[Token] = field(default_factory=list)
    media_type: str = "text/event-stream"

    def opening(self) -> bytes:
        return b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        token = with_stop(token, end, self.stop)
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
        stop = next(iter(given.get("stop") or []), "")
        known = {name: given[name] for name in PARAMETERS if given.get(name) is not None}
        parameters = {"max_new_tokens": default_length(self.version), **known}

        def whole(tokens: list[Token], end: End) -> bytes:
            tokens = [*tokens[:-1], with_stop(tokens[-1], end, stop)]
            answer: JsonObject = {"generated_text": prompt + answer_text(tokens)}
            if has_details:
                told = details((1, 1), end, seed)  # the prompt's length is told in streams only
                answer["details"] = {**told, "prefill": [], "tokens": []}
            return encode([answer])

        writer = TgiWriter(self.version, prompt, has_details, seed, stop) if content.get("stream") else None
        asked = {"inputs": content["inputs"], "parameters": parameters}
        return Question(asked, writer, whole, KEEP_ALIVE, _invalid(given, is_streamed=writer is not None))

    def refuse(self, failure: Failure) -> ContainerRefusal:
        return ContainerRefusal(failure.status, encode(error_object(failure)).decode())


def with_stop(token: Token, end: End | None, stop: str) -> Token:
    """Return the last token of an answer that a stop text ended with that text; any other as it is."""
    is_stopped = end is not None and end.reason == "stop_sequence" and not token.text
    return replace(token, text=stop) if is_stopped else token


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


def _invalid(given: JsonObject, *, is_streamed: bool) -> Failure | None:
    """Return what the container says of parameters that others take."""
    temperature, top_p = given.get("temperature"), given.get("top_p")
    if temperature is not None and temperature <= 0:
        return _validation("`temperature` must be strictly positive")
    if top_p is not None and not 0 < top_p < 1:
        return _validation("`top_p` must be > 0.0 and < 1.0")
    if len(given.get("stop") or []) > MAXIMUM_STOPS:
        return _validation(f"`stop` supports up to {MAXIMUM_STOPS} stop sequences")
    if is_streamed and (given.get("best_of") or 1) > 1:
        return _validation("`best_of` != 1 is not supported when streaming tokens")
    if is_streamed and given.get("decoder_input_details"):
        return _validation("`decoder_input_details` == true is not supported when streaming tokens")
    return None


def _validation(reason: str) -> Failure:
    return Failure(422, "validation", f"Input validation error: {reason}")
