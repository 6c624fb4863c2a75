"""Stands where no model is configured: the page opens, and every question is answered with what to set."""

from collections.abc import AsyncGenerator

from app.errors import NoBackendConfigured
from app.generation import GenerationRequest, ModelDescription, StreamEvent


class UnconfiguredBackend:
    async def describe(self) -> ModelDescription:
        raise NoBackendConfigured

    async def count_tokens(self, prompt: str) -> int | None:
        raise NoBackendConfigured

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        raise NoBackendConfigured
        yield  # makes this a generator, as the contract wants

    async def aclose(self) -> None:
        """Nothing is open."""
