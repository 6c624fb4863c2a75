"""One turn, in the order in which it happens: conversation → prompt → backend → events. It knows no page."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.backends.base import Backend
from app.conversation import Conversation, fit
from app.errors import AnswerTooLong, AnswerWithoutEnd, BackendNotReady, CannotContinue, MessageTooLong, PromptTooLong
from app.generation import Finished, GenerationParameters, GenerationRequest, StreamEvent, TextDelta, Timings
from app.prompts.chat_messages import chat_messages
from app.prompts.template import (
    DEFAULT_PROMPT_FORMAT,
    PromptFormat,
    is_chat_format,
    prompt_format_for,
    render_prompt,
)
from app.prompts.token_count import count_prompt_tokens

# Where the server does not count, tokens are counted with another model's tokenizer, perhaps too few. What is then
# refused as too long is sent again with a tenth less, and what is refused so often has another reason.
_TRIES = 4
# A server gone wrong, not an answer: the longest that can be asked for has a tenth of it. A browser draws no more.
_ANSWER_LIMIT_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked: everything that one answer depends on. `prompt_format` None: as the model's name tells.

    `answer_so_far`: what the model has answered already, and goes on from.
    """

    conversation: Conversation
    parameters: GenerationParameters
    session_id: str
    prompt_format: PromptFormat | None = None
    answer_so_far: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The server asked to come again. The turn goes on by itself."""

    user_message: str


@dataclass(frozen=True, slots=True)
class Trimmed:
    """So many of the oldest turns do not fit the window and were not sent. Comes once, when the answer begins."""

    turns: int


ChatEvent = Waiting | Trimmed | StreamEvent


async def respond(backend: Backend, turn: Turn) -> AsyncGenerator[ChatEvent]:
    """Waiting as often as the server asks for it, perhaps Trimmed, then text, then one Finished with timings.

    Raises InvalidMessage before anything is answered, and BackendError; what was yielded before stays true.
    """
    while True:
        try:
            async with aclosing(_attempt(backend, turn)) as events:
                async for event in events:
                    yield event
            return
        except BackendNotReady as error:  # before the first byte, by the backend's contract
            yield Waiting(error.user_message)
            await asyncio.sleep(error.retry_after_seconds)


async def _attempt(backend: Backend, turn: Turn) -> AsyncGenerator[ChatEvent]:
    model = await backend.describe()
    if turn.answer_so_far and model.renders_prompt:
        raise CannotContinue(model.display_name)
    known_format = turn.prompt_format or prompt_format_for(model.model_id)
    prompt_format = known_format or DEFAULT_PROMPT_FORMAT
    # At most half of the window is kept free for the answer, so that a conversation always has the other half.
    answer_tokens = min(turn.parameters.max_tokens, model.window_tokens // 2)
    prompt_tokens = min(model.window_tokens - answer_tokens, model.prompt_limit_tokens or model.window_tokens)
    for further_tries in reversed(range(_TRIES)):
        conversation, dropped_turns = await _fit(backend, turn, prompt_format, prompt_tokens)
        request = _request(turn, conversation, known_format, answer_tokens)
        is_answered = False
        try:
            has_leading_space = is_chat_format(prompt_format) and not turn.answer_so_far
            async with aclosing(_stream(backend, request, has_leading_space)) as events:
                async for event in events:
                    if dropped_turns and not is_answered:
                        yield Trimmed(dropped_turns)
                    is_answered = True
                    yield event
            return
        except PromptTooLong:
            if is_answered or not further_tries:
                raise
            sent_tokens = await _count(backend, request.prompt, prompt_format, prompt_tokens)
            prompt_tokens = min(sent_tokens, prompt_tokens) * 9 // 10


async def _fit(
    backend: Backend, turn: Turn, prompt_format: PromptFormat, limit_tokens: int
) -> tuple[Conversation, int]:
    def count(candidate: Conversation) -> Awaitable[int]:
        prompt = render_prompt(candidate, prompt_format, turn.answer_so_far)
        return _count(backend, prompt, prompt_format, limit_tokens)

    try:
        return await fit(turn.conversation, count, limit_tokens)
    except MessageTooLong as error:
        raise AnswerTooLong(*error.args) if turn.answer_so_far else error from None


def _request(
    turn: Turn, conversation: Conversation, known_format: PromptFormat | None, answer_tokens: int
) -> GenerationRequest:
    return GenerationRequest(
        render_prompt(conversation, known_format or DEFAULT_PROMPT_FORMAT, turn.answer_so_far),
        chat_messages(conversation, known_format, turn.answer_so_far),
        replace(turn.parameters, max_tokens=answer_tokens),
        turn.session_id,
    )


async def _count(backend: Backend, prompt: str, prompt_format: PromptFormat, limit_tokens: int) -> int:
    try:
        counted = await backend.count_tokens(prompt)
    except PromptTooLong:
        return limit_tokens + 1  # more than could be counted is in any case more than fits
    return count_prompt_tokens(prompt, prompt_format) if counted is None else counted


async def _stream(backend: Backend, request: GenerationRequest, has_leading_space: bool) -> AsyncGenerator[StreamEvent]:
    """The backend's events, timed, without the spaces that chat formats have between question and answer."""
    started = time.monotonic()
    first_token_seconds: float | None = None
    room_characters = _ANSWER_LIMIT_CHARACTERS
    async with aclosing(backend.stream(request)) as events:
        async for event in events:
            if first_token_seconds is None:
                first_token_seconds = time.monotonic() - started
            if isinstance(event, Finished):
                yield replace(event, timings=Timings(first_token_seconds, time.monotonic() - started))
                continue
            text = event.text.lstrip(" ") if has_leading_space else event.text
            has_leading_space = has_leading_space and not text
            if text:
                yield TextDelta(text[:room_characters])
            room_characters -= len(text)
            if room_characters < 0:
                raise AnswerWithoutEnd(_ANSWER_LIMIT_CHARACTERS)
