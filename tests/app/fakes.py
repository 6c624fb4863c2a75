"""A backend and a catalog that play a script: for everything above the wire."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from app.backends.base import Backend
from app.backends.endpoints import Endpoint
from app.errors import BackendError
from app.generation import GenerationRequest, ModelDescription, StreamEvent


@dataclass
class ScriptedBackend:
    """Plays `scripts` one after the other: events are yielded, errors raised, and None is a silence without end.

    A word of the prompt counts as one token, so that tests can do the arithmetic.
    """

    scripts: list[Sequence[StreamEvent | BackendError | None]] = field(default_factory=list)
    window_tokens: int = 100
    model_id: str = "scripted-instruct"
    renders_prompt: bool = False
    counts_tokens: bool = True
    requests: list[GenerationRequest] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    open_streams: int = 0

    async def describe(self) -> ModelDescription:
        return ModelDescription(self.model_id, self.window_tokens, renders_prompt=self.renders_prompt)

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


@dataclass
class ScriptedCatalog:
    """Lists `listings` one after the other, the last one again and again; errors are raised, and None never comes."""

    listings: list[tuple[Endpoint, ...] | BackendError | None]
    backends: dict[str, Backend] = field(default_factory=dict)
    asked_fresh: list[bool] = field(default_factory=list)
    is_closed: bool = False

    async def endpoints(self, *, is_fresh: bool = False) -> tuple[Endpoint, ...]:
        self.asked_fresh.append(is_fresh)
        listing = self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]
        if isinstance(listing, BackendError):
            raise listing
        if listing is None:
            await asyncio.Event().wait()
        return listing or ()

    def backend(self, name: str) -> Backend:
        return self.backends[name]

    async def aclose(self) -> None:
        self.is_closed = True
