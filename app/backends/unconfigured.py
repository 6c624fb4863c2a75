"""Stands where nothing can answer yet: the page opens, and every question is answered with what to do."""

from collections.abc import AsyncGenerator, Callable

from app.errors import BackendError, NoBackendConfigured
from app.generation import GenerationRequest, ModelDescription, StreamEvent


class UnconfiguredBackend:
    """`error` makes what is raised instead of an answer."""

    def __init__(self, error: Callable[[], BackendError] = NoBackendConfigured) -> None:
        self._error = error

    async def describe(self) -> ModelDescription:
        raise self._error()

    async def count_tokens(self, prompt: str) -> int | None:
        raise self._error()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        raise self._error()
        yield  # makes this a generator, as the contract wants

    async def aclose(self) -> None:
        """Nothing is open."""
