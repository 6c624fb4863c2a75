"""One question and what became of it, with the times at which its text came. Asks once; nothing is tried again."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from app.backends.base import Backend
from app.errors import BackendError, BackendNotReady
from app.generation import Finished, GenerationRequest, TextDelta, Usage

# Somebody whose question failed does not press the button in the same millisecond again.
_PAUSE_AFTER_FAILURE_SECONDS = 1.0


class Outcome(StrEnum):
    ANSWERED = "answered"
    REFUSED = "refused"  # 429 or 503: the target asks to come again
    TIMED_OUT = "timed out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """Times are seconds of the event loop's clock.

    `intended_seconds` is when the question was due: in an open loop that may be earlier than it was sent, and all that
    is measured counts from it. `text_seconds` are the arrivals of all pieces of text. `error` is the error's class,
    `user_message` its sentence.
    """

    intended_seconds: float
    sent_seconds: float
    ended_seconds: float
    outcome: Outcome = Outcome.ANSWERED
    text: str = ""
    text_seconds: tuple[float, ...] = ()
    usage: Usage | None = None
    error: str = ""
    user_message: str = ""
    pause_seconds: float = 0.0
    turn: int = 1

    @property
    def is_answered(self) -> bool:
        return self.outcome is Outcome.ANSWERED

    @property
    def output_tokens(self) -> int:
        return self.usage.completion_tokens if self.usage else 0


@dataclass(slots=True)
class _Arrivals:
    """What has come so far; it stays where the stream breaks off."""

    texts: list[str]
    seconds: list[float]
    usage: Usage | None = None


async def ask(
    backend: Backend, request: GenerationRequest, intended_seconds: float, timeout_seconds: float, turn: int = 1
) -> Answer:
    """What came of this question. `timeout_seconds` counts from when it is sent. Raises no BackendError."""
    clock = asyncio.get_running_loop().time
    sent_seconds = clock()
    arrivals = _Arrivals([], [])
    outcome, pause_seconds = Outcome.ANSWERED, 0.0
    error: BackendError | None = None
    try:
        async with asyncio.timeout(timeout_seconds):
            await _listen(backend, request, arrivals)
    except BackendNotReady as refusal:
        outcome, error, pause_seconds = Outcome.REFUSED, refusal, refusal.retry_after_seconds
    except TimeoutError:
        outcome, pause_seconds = Outcome.TIMED_OUT, _PAUSE_AFTER_FAILURE_SECONDS
    except BackendError as failure:
        outcome, error, pause_seconds = Outcome.FAILED, failure, _PAUSE_AFTER_FAILURE_SECONDS
    return Answer(
        intended_seconds,
        sent_seconds,
        clock(),
        outcome,
        "".join(arrivals.texts),
        tuple(arrivals.seconds),
        arrivals.usage,
        type(error).__name__ if error else "Timeout" * (outcome is Outcome.TIMED_OUT),
        error.user_message if error else "",
        pause_seconds,
        turn,
    )


async def _listen(backend: Backend, request: GenerationRequest, arrivals: _Arrivals) -> None:
    clock = asyncio.get_running_loop().time
    async with aclosing(backend.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                arrivals.seconds.append(clock())
                arrivals.texts.append(event.text)
            elif isinstance(event, Finished):
                arrivals.usage = event.usage
