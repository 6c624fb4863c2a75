"""A backend that plays a script: for everything above the wire."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from app.errors import BackendError
from app.generation import GenerationRequest, ModelDescription, StreamEvent


@dataclass
class ScriptedBackend:
    """Plays `scripts` one after the other: events are yielded, errors raised, and None is a silence without end.

    A word of the prompt counts as one token, so that tests can do the arithmetic.
    """

    scripts: list[Sequence[StreamEvent | BackendError | None]] = field(default_factory=list)
    window_tokens: int = 100
    counts_tokens: bool = True
    requests: list[GenerationRequest] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    open_streams: int = 0

    async def describe(self) -> ModelDescription:
        return ModelDescription("scripted-instruct", self.window_tokens)

    async def count_tokens(self, prompt: str) -> int | None:
        self.counted.append(prompt)
        return len(prompt.split()) if self.counts_tokens else None

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        self.requests.append(request)
        self.open_streams += 1
        try:
            for step in self.scripts.pop(0):
                await asyncio.sleep(0)
                if step is None:
                    await asyncio.Event().wait()
                elif isinstance(step, BackendError):
                    raise step
                else:
                    yield step
        finally:
            self.open_streams -= 1

    async def aclose(self) -> None:
        """Nothing is open."""
