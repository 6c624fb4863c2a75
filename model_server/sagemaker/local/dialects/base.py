"""The contract of a dialect: how a body is read, and how one answer is written. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, Protocol

JsonObject = dict[str, Any]
EndReason = Literal["length", "eos_token", "stop_sequence"]  # TGI's words


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text, which the dialects call a token."""

    id: int
    text: str
    logprob: float
    is_special: bool = False


@dataclass(frozen=True, slots=True)
class End:
    reason: EndReason
    generated_tokens: int
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, or no more of it. `kind` is TGI's word, of which `status` is the HTTP status."""

    status: int
    kind: str
    message: str


class ContainerRefusal(Exception):
    """The container answers with this status and body instead."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class Writer(Protocol):
    """Writes one answer; made for this answer, so it may count."""

    @property
    def media_type(self) -> str:
        """Return the content type of the answer."""

    def opening(self) -> bytes:
        """Return what comes before the first token; perhaps nothing."""

    def token(self, token: Token, end: End | None = None) -> bytes:
        """Return the bytes of one token; those of the last one, with `end`, close the answer."""

    def failure(self, failure: Failure) -> bytes:
        """Return how the answer breaks off."""


@dataclass(frozen=True, slots=True)
class Question:
    """A body that was understood: what the model server is asked, and who writes its answer.

    `writer` None: the answer is not streamed, and `whole` writes it. With a `failure`, the container will not ask.
    """

    body: JsonObject
    writer: Writer | None
    whole: Whole
    keep_alive: bytes = b""
    failure: Failure | None = None


class Whole(Protocol):
    def __call__(self, tokens: list[Token], end: End) -> bytes:
        """Return the answer in one piece."""


class Dialect(Protocol):
    """One container."""

    @property
    def answers_at_once(self) -> bool:
        """Whether status 200 comes before the model has said anything."""

    def read(self, body: bytes) -> Question:
        """Return what is asked; raise ContainerRefusal."""

    def refuse(self, failure: Failure) -> ContainerRefusal:
        """Return what a failure looks like before anything was written."""


def encode(content: object) -> bytes:
    """Return JSON as Rust and JavaScript write it: compact, its text as it is."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def encode_python(content: object) -> bytes:
    """Return JSON as Python writes it: with spaces; its text as it is."""
    return json.dumps(content, ensure_ascii=False).encode()


def answer_text(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens if not token.is_special)


def parse_object(body: bytes) -> JsonObject | None:
    """Return the JSON object of a body; None where it is something else."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
