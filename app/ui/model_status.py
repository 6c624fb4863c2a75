"""What the sidebar says of the model that is chosen: that it is ready, or why it is not.

Choices can change faster than models answer, so each look at a model remembers to be the session's latest; what an
earlier one finds out is dropped.
"""

from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from app.backends.catalog import BackendChoice
from app.errors import BackendError, BackendNotReady
from app.generation import ModelDescription
from app.prompts.template import prompt_format_for
from app.ui.endpoint_list import LOOKING, EndpointList
from app.ui.plain import plain_model_id
from app.ui.sidebar import AUTOMATIC

# How often a model that is not there yet is looked for again: our own server, and an account at AWS, which counts.
_LOOK_AGAIN_SECONDS = 2
_LOOK_AGAIN_AT_ENDPOINT_SECONDS = 10


class ModelStatus:
    """The handlers. Inputs of each: listed, backend, endpoint, prompt format.

    Outputs of each: status, timer, demonstration, endpoints, refused.
    """

    def __init__(self, choices: tuple[BackendChoice, ...]) -> None:
        self._choices = {choice.label: choice for choice in choices}
        self._latest: dict[str, object] = {}

    async def announce(
        self, listed: EndpointList | None, label: str, endpoint: str | None, prompt_format: str, request: gr.Request
    ) -> AsyncGenerator[Any]:
        """For another model than before: at first, what is said of the old one goes."""
        choice = self._choices[label]
        yield "Looking for the model…", gr.Timer(active=False), *_belongings(choice)
        yield await self.look(listed, label, endpoint, prompt_format, request)

    async def look(
        self, listed: EndpointList | None, label: str, endpoint: str | None, prompt_format: str, request: gr.Request
    ) -> Any:
        session = request.session_hash or ""
        this = self._latest[session] = object()
        choice = self._choices[label]
        status, timer = await _describe(choice, listed, endpoint, prompt_format)
        if self._latest.get(session) is not this:
            return gr.skip()
        return status, timer, *_belongings(choice)

    def leave(self, request: gr.Request) -> None:
        """The tab was closed."""
        self._latest.pop(request.session_hash or "", None)


def _belongings(choice: BackendChoice) -> tuple[Any, Any, Any]:
    """What stands on the page for this line only."""
    has_endpoints = choice.endpoints is not None
    return (
        gr.update(visible=choice.is_demonstration),
        gr.update(visible=has_endpoints),
        gr.update(visible=has_endpoints),
    )


async def _describe(
    choice: BackendChoice, listed: EndpointList | None, endpoint: str | None, prompt_format: str
) -> tuple[str, Any]:
    if choice.endpoints and (listed is None or listed.problem or not endpoint):
        return listed.status() if listed else LOOKING, gr.Timer(active=False)
    again = gr.Timer(_LOOK_AGAIN_AT_ENDPOINT_SECONDS if choice.endpoints else _LOOK_AGAIN_SECONDS, active=True)
    try:
        model = await choice.backend_for(endpoint or "").describe()
    except BackendNotReady as error:
        return error.user_message if choice.endpoints else "The model is still loading…", again
    except BackendError as error:
        return f"⚠ {error.user_message}", again
    is_guessed = prompt_format == AUTOMATIC and not choice.is_demonstration
    return ready_sentence(model, is_guessed=is_guessed), gr.Timer(active=False)


def ready_sentence(model: ModelDescription, *, is_guessed: bool) -> str:
    """`is_guessed`: the prompt's format is chosen by the model's name alone."""
    name = plain_model_id(model.display_name)
    sentence = f"`{name}` is ready; its window has {model.window_tokens:,} tokens."
    if is_guessed and not model.renders_prompt and prompt_format_for(model.model_id) is None:
        sentence += (
            " Its name does not tell how its prompts are written: Mistral’s format is used. "
            "Another can be chosen under “Sampling”."
        )
    return sentence
