"""The contract of a backend: what the chat needs of a model, and nothing else."""

from collections.abc import AsyncGenerator
from typing import Protocol

from app.generation import GenerationRequest, ModelDescription, StreamEvent


class Backend(Protocol):
    """One way to reach a model. Every method raises a BackendError, and nothing else, when it cannot do its work."""

    async def describe(self) -> ModelDescription:
        """What serves now. Cheap: asked before every turn, so that a changed model is noticed."""

    async def count_tokens(self, prompt: str) -> int | None:
        """Tokens of `prompt` with the BOS that the server adds; None where this server does not count.

        Raises PromptTooLong where the server refuses even to count it.
        """

    def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        """Text, then exactly one Finished; an end that does not come is StreamInterrupted.

        Nothing is sent before the first event is asked for. The caller closes the generator (`aclosing`), which closes
        the upstream request at once. BackendNotReady comes before the first event or never.
        """

    async def aclose(self) -> None:
        """Lets connections go. No stream may be open."""
