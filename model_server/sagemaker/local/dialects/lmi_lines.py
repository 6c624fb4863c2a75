"""What LMI containers write of prompts (`inputs`): lines of JSON, one object in pieces, or server-sent events. Pure.

They are Python programs, which shows in the blanks of their JSON. What changed from release to release is in the
classes' own words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from model_server.sagemaker.local.dialects.base import End, Failure, JsonObject, Token, answer_text, encode_python

Version = tuple[int, int]
BATCH_FAILURE = "exception occurred during rolling batch inference"
JSON_LINES = "application/jsonlines"


@dataclass(frozen=True, slots=True)
class OutputsWriter:
    """0.24 and 0.25: text alone; the end of input is the end. 0.25 shows no failure."""

    version: Version
    media_type: str = JSON_LINES

    def opening(self) -> bytes:
        return b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        return encode_python({"outputs": ["" if token.is_special else token.text]}) + b"\n"

    def failure(self, failure: Failure) -> bytes:
        if self.version >= (0, 25):
            return b""
        return encode_python({"code": 500, "error": BATCH_FAILURE})


@dataclass(frozen=True, slots=True)
class LinesWriter:
    """0.26 and later: a token a line. Before 0.29 what is empty is left out, and 0.26 does not count."""

    version: Version
    prompt: str
    has_details: bool
    is_events: bool = False
    tokens: list[Token] = field(default_factory=list)

    @property
    def media_type(self) -> str:
        return "text/event-stream" if self.is_events else JSON_LINES

    def opening(self) -> bytes:
        if self.is_events:
            return b"data: \n"  # a part of a prompt that was computed in parts
        return self._line({"token": {}}) if self.version == (0, 26) else b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        self.tokens.append(token)
        line: JsonObject = {"token": token_object(self.version, token, is_tgi=self.is_events)}
        if end is not None:
            line["generated_text"] = answer_text(self.tokens)
            if self.has_details:
                line["details"] = details(self.version, end.reason, end.generated_tokens, self.prompt)
        return self._line(line)

    def failure(self, failure: Failure) -> bytes:
        token: JsonObject = {"id": -1, "text": "", "log_prob": -1, "special_token": True, "error_msg": BATCH_FAILURE}
        last = details(self.version, "error", len(self.tokens) + 1, self.prompt)
        return self._line({"token": token, "generated_text": "", "details": last})

    def _line(self, content: JsonObject) -> bytes:
        line = encode_python(content)
        return b"data: " + line + b"\n\n" if self.is_events else line + b"\n"


@dataclass(frozen=True, slots=True)
class PiecesWriter:
    """0.24 to 0.28, unless told otherwise: one object, written as its text grows; nothing ends a piece."""

    version: Version
    prompt: str
    has_details: bool
    is_list: bool = False
    tokens: list[Token] = field(default_factory=list)
    media_type: str = "application/json"

    def opening(self) -> bytes:
        return (b"[" if self.is_list else b"") + b'{"generated_text": "'

    def token(self, token: Token, end: End | None = None) -> bytes:
        self.tokens.append(token)
        text = b"" if token.is_special else json.dumps(token.text, ensure_ascii=False)[1:-1].encode()
        if end is None:
            return text
        last: JsonObject | None = None
        if self.has_details and self.version >= (0, 26):
            last = details((0, 27), end.reason, end.generated_tokens, self.prompt)
            last["tokens"] = [token_object((0, 29), each, is_tgi=self.is_list) for each in self.tokens]
        return text + self._close(last)

    def failure(self, failure: Failure) -> bytes:
        return self._close({"finish_reason": "error"} if self.version >= (0, 26) else None)

    def whole(self, tokens: list[Token], end: End) -> bytes:
        pieces = [self.token(token) for token in tokens[:-1]]
        return self.opening() + b"".join(pieces) + self.token(tokens[-1], end)

    def _close(self, last: JsonObject | None) -> bytes:
        rest = b"" if last is None else b', "details": ' + encode_python(last)
        return b'"' + rest + b"}" + (b"]" if self.is_list else b"")


@dataclass(frozen=True, slots=True)
class AsyncWriter:
    """vLLM behind LMI: every index is 0, one token too many is counted, blank lines come at the end."""

    prompt: str
    has_details: bool
    has_full_text: bool
    seed: int | None
    tokens: list[Token] = field(default_factory=list)
    media_type: str = JSON_LINES

    def opening(self) -> bytes:
        return b""

    def token(self, token: Token, end: End | None = None) -> bytes:
        self.tokens.append(token)
        text = "" if token.is_special else token.text
        line: JsonObject = {"index": 0, "token": {"id": token.id, "text": text, "logprob": token.logprob}}
        line |= {"generated_text": None, "details": None}
        if end is not None:
            line["generated_text"] = (self.prompt if self.has_full_text else "") + answer_text(self.tokens)
            line["details"] = self._details(end) if self.has_details else None
        return encode_python(line) + (b"\n" if end is None else b"\n\n\n")

    def failure(self, failure: Failure) -> bytes:
        error = {"object": "error", "message": failure.message, "type": "InternalServerError"}
        return encode_python({"error": {**error, "param": None, "code": 500}}) + b"\n"

    def whole(self, tokens: list[Token], end: End) -> bytes:
        answer: JsonObject = {"generated_text": (self.prompt if self.has_full_text else "") + answer_text(tokens)}
        if self.has_details:
            reason = "stop_sequence" if end.reason == "stop_sequence" else None
            answer["details"] = {"finish_reason": reason, "generated_tokens": end.generated_tokens, "seed": self.seed}
            answer["details"] |= {"prefill": [], "tokens": []}
        return encode_python(answer)

    def _details(self, end: End) -> JsonObject:
        reason = "length" if end.reason == "length" else "stop"
        counted = {"generated_tokens": end.generated_tokens + 1, "input_length": end.prompt_tokens}
        return {"finish_reason": reason, "seed": self.seed, **counted}


def token_object(version: Version, token: Token, *, is_tgi: bool) -> JsonObject:
    text = "" if token.is_special and version < (0, 29) and not is_tgi else token.text
    content: JsonObject = {"id": token.id, "text": text, "logprob" if is_tgi else "log_prob": token.logprob}
    if token.is_special:
        content["special" if is_tgi else "special_token"] = True
    return {name: value for name, value in content.items() if value} if version < (0, 29) else content


def details(version: Version, reason: str, generated_tokens: int, prompt: str) -> JsonObject:
    content: JsonObject = {"finish_reason": reason}
    return content if version < (0, 27) else {**content, "generated_tokens": generated_tokens, "inputs": prompt}
