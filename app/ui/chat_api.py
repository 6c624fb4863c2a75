"""`/chat`: the one function of this page that programs are meant to call, with gradio_client or over HTTP.

It makes the same turn as a click on Send does, and keeps nothing: a program sends the earlier messages along.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr
from gradio.events import api

from app.backends.catalog import BackendChoice
from app.chat import Turn, respond
from app.conversation import Conversation, check_message
from app.errors import ChatError
from app.generation import GenerationParameters, TextDelta
from app.observation import TurnObserver, observed
from app.ui.link_names import find_choice
from app.ui.openai_messages import MessagesUnreadable, read_messages
from app.ui.pacing import frame_seconds_for, paced

logger = logging.getLogger(__name__)

_DEFAULTS = GenerationParameters()


class _CallRefused(ChatError):
    """`_CallRefused(sentence)`: a parameter that cannot be used."""

    @property
    def user_message(self) -> str:
        return str(self)


class ChatApi:
    def __init__(self, choices: tuple[BackendChoice, ...], observer: TurnObserver) -> None:
        self._choices = choices
        self._observer = observer

    async def chat(
        self,
        message: str,
        request: gr.Request,
        history: list[dict[str, Any]] | None = None,
        system_prompt: str = "",
        backend: str = "",
        endpoint: str = "",
        temperature: float = _DEFAULTS.temperature,
        top_p: float = _DEFAULTS.top_p,
        top_k: int = _DEFAULTS.top_k,
        max_tokens: int = _DEFAULTS.max_tokens,
        repetition_penalty: float = _DEFAULTS.repetition_penalty,
        seed: int | None = None,
        stop: list[str] | None = None,
    ) -> AsyncGenerator[str]:
        """Answers a message; each value is the whole answer so far.

        history: the earlier messages, as OpenAI writes them: [{"role": "user", "content": "…"}, …]. backend: the name
        of a line of the sidebar, the first if empty; endpoint: the name of one behind it, where it has several.
        """
        try:
            choice = _chosen(self._choices, backend)
            await _check_endpoint(choice, endpoint)
            parameters = _parameters(temperature, top_p, top_k, max_tokens, repetition_penalty, seed, stop)
            turn = Turn(_conversation(message, history, system_prompt), parameters, _conversation_id(request))
            events = observed(respond(choice.backend_for(endpoint), turn), choice.label, self._observer)
            text = ""
            async with aclosing(paced(events, asyncio.Event(), frame_seconds_for(0))) as batches:
                async for batch in batches:
                    text += "".join(event.text for event in batch if isinstance(event, TextDelta))
                    yield text
        except ChatError as error:
            logger.warning("a call of /chat failed: %r", error)
            raise gr.Error(error.user_message, print_exception=False) from error
        except Exception as error:
            logger.exception("a call of /chat failed")
            raise gr.Error(ChatError().user_message, print_exception=False) from error


def offer_chat_api(choices: tuple[BackendChoice, ...], observer: TurnObserver) -> None:
    """Makes `/chat` part of the page that is being built."""
    api(ChatApi(choices, observer).chat, api_name="chat", concurrency_limit=None)


def _chosen(choices: tuple[BackendChoice, ...], backend: str) -> BackendChoice:
    choice = find_choice(choices, backend) if backend else choices[0]
    if choice is None:
        labels = ", ".join(f"“{choice.label}”" for choice in choices)
        raise _CallRefused(f"There is no such backend here; this page has {labels}.")
    return choice


async def _check_endpoint(choice: BackendChoice, endpoint: str) -> None:
    """Only what the page offers can be called: its credentials may open more."""
    if choice.endpoints is None:
        return
    if not endpoint:
        raise _CallRefused(f"{choice.label} has several models: name one as endpoint.")
    offered = [each.name for each in await choice.endpoints.endpoints() if each.is_offered]
    if endpoint not in offered:
        raise _CallRefused(f"{choice.label} offers no such endpoint; look at the list on the page.")


def _conversation(message: str, history: list[dict[str, Any]] | None, system_prompt: str) -> Conversation:
    try:
        system, messages = read_messages([*(history or []), {"role": "user", "content": message}])
    except MessagesUnreadable as error:
        raise _CallRefused(str(error)) from error
    if not message.strip():
        raise _CallRefused("There is no message to answer: it is empty.")
    for each in messages:
        check_message(each.content)
    return Conversation.from_messages("\n\n".join(filter(None, [system_prompt, system])), messages)


def _parameters(
    temperature: float,
    top_p: float,
    top_k: int,
    max_tokens: int,
    repetition_penalty: float,
    seed: int | None,
    stop: list[str] | None,
) -> GenerationParameters:
    try:
        return GenerationParameters(
            temperature=float(temperature),
            top_p=float(top_p),
            top_k=int(top_k),
            max_tokens=int(max_tokens),
            repetition_penalty=float(repetition_penalty),
            seed=None if seed is None else int(seed),
            stop=tuple(map(str, stop or ())),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise _CallRefused(
            "A sampling parameter is out of range: temperature is 0 to 2, top_p above 0 and at most 1, top_k 0 or "
            "more, max_tokens 1 or more, repetition_penalty above 0."
        ) from error


def _conversation_id(request: gr.Request) -> str:
    """The same for all calls of one Client, so that a router can send them to where the earlier turns are cached."""
    return uuid.uuid5(uuid.NAMESPACE_OID, request.session_hash or "").hex
