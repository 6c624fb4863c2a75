"""A backend whose every event comes at a known time, and what a cell of it is measured with."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from app.errors import BackendError
from app.generation import (
    Finished,
    FinishReason,
    GenerationRequest,
    ModelDescription,
    StreamEvent,
    TextDelta,
    Usage,
)
from app.loadtest.plan import Length, Load, Plan, Rounds, Users
from app.loadtest.progress import PlainProgress

# Seconds of waiting, and what comes then; None never comes.
Script = Sequence[tuple[float, StreamEvent | BackendError | None]]


def answer_of(first_seconds: float, gap_seconds: float, tokens: int, usage: Usage | None = None) -> Script:
    """A token for each text; the end comes with the last."""
    texts: list[tuple[float, StreamEvent | BackendError | None]] = [(first_seconds, TextDelta("a"))]
    texts += [(gap_seconds, TextDelta("b"))] * (tokens - 1)
    return [*texts, (0.0, Finished(FinishReason.LENGTH, usage or Usage(10, tokens)))]


@dataclass
class TimedBackend:
    """Plays `script(number)` for the question of that number, counted from 0. A word counts as a token."""

    script: Callable[[int], Script]
    window_tokens: int = 1000
    prompt_limit_tokens: int | None = None
    counts_tokens: bool = True
    requests: list[GenerationRequest] = field(default_factory=list)
    open_streams: int = 0
    most_open_streams: int = 0

    async def describe(self) -> ModelDescription:
        return ModelDescription("timed-instruct", self.window_tokens, self.prompt_limit_tokens)

    async def count_tokens(self, prompt: str) -> int | None:
        return len(prompt.split()) if self.counts_tokens else None

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        number = len(self.requests)
        self.requests.append(request)
        self.open_streams += 1
        self.most_open_streams = max(self.most_open_streams, self.open_streams)
        try:
            for wait_seconds, event in self.script(number):
                await asyncio.sleep(wait_seconds)
                if event is None:
                    await asyncio.Event().wait()
                elif isinstance(event, BackendError):
                    raise event
                else:
                    yield event
        finally:
            self.open_streams -= 1

    async def aclose(self) -> None:
        """Nothing is open."""


def silent() -> PlainProgress:
    return PlainProgress(lambda _: None)


def plan_of(load: Load | None = None, length: Length | None = None, **fields: object) -> Plan:
    """One cell, no warm-up."""
    defaults: dict[str, object] = {"input_words": (4,), "output_tokens": 4, "seed": 1, "warm_up_requests": 0}
    return Plan(
        loads=(load or Users(1),),
        length=length or Rounds(1),
        **{**defaults, **fields},  # type: ignore[arg-type]
    )
