"""What one request asks for, and what comes back: the values that cross between the API and the engine.

Failure is a value too (`Failed`), so that it travels the same road as success and nobody waits for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model_server.errors import ContextLengthExceeded, InvalidRequest, ServerError
from model_server.executors.base import MINIMUM_PROMPT_LENGTH

MAXIMUM_STOP_STRINGS = 16
MAXIMUM_STOP_LENGTH = 256


@dataclass(frozen=True, slots=True)
class SamplingParameters:
    """How tokens are chosen. Temperature 0 is greedy, top_k 0 considers the whole vocabulary."""

    max_tokens: int = 16
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    ignores_end_token: bool = False  # only max_tokens or a stop string ends the answer: for measuring

    def __post_init__(self) -> None:
        _check(self.max_tokens >= 1, "max_tokens", "must be at least 1")
        _check(self.temperature >= 0, "temperature", "must be at least 0")
        _check(0 < self.top_p <= 1, "top_p", "must be above 0 and at most 1")
        _check(self.top_k >= 0, "top_k", "must be at least 0")
        _check(self.repetition_penalty > 0, "repetition_penalty", "must be above 0")
        _check(len(self.stop) <= MAXIMUM_STOP_STRINGS, "stop", f"must hold at most {MAXIMUM_STOP_STRINGS} strings")
        for text in self.stop:
            _check(0 < len(text) <= MAXIMUM_STOP_LENGTH, "stop", f"must hold 1 to {MAXIMUM_STOP_LENGTH} characters")


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A prompt as token ids. `is_message`: the answer is a chat message, without the space that the template put."""

    prompt: tuple[int, ...]
    sampling: SamplingParameters
    is_message: bool = False

    def check_fits(self, maximum_length: int) -> None:
        """Raise InvalidRequest where there is no prompt, or no room in the window for prompt and answer."""
        if len(self.prompt) < MINIMUM_PROMPT_LENGTH:
            raise InvalidRequest("The prompt is empty. Please send some text.", "prompt")
        if len(self.prompt) + self.sampling.max_tokens > maximum_length:
            raise ContextLengthExceeded(maximum_length)


class FinishReason(str, Enum):
    """Why an answer ended: the model or a stop string ended it, or it reached max_tokens."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of tokens; `cached_tokens` of the prompt did not have to be computed."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more text: whole characters, no stop string, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a stream that succeeded."""

    reason: FinishReason
    usage: Usage
    is_stop_string: bool = False  # a stop string ended it, rather than the model


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event of a stream that did not succeed."""

    error: ServerError


StreamEvent = TextDelta | Finished | Failed


def _check(is_right: bool, parameter: str, rule: str) -> None:
    if not is_right:
        raise InvalidRequest(f"{parameter} {rule}.", parameter)
