"""An answer that was cut and goes on: against a script, and token for token with the built-in model."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from app.backends.base import Backend
from app.backends.embedded import start_embedded
from app.backends.ray_serve import RayServeBackend
from app.chat import ChatEvent, Trimmed, Turn, respond
from app.conversation import Conversation, Message, Role
from app.errors import AnswerTooLong, CannotContinue
from app.generation import Finished, FinishReason, GenerationParameters, TextDelta, Usage
from app.prompts.template import PromptFormat
from tests.app.fakes import ScriptedBackend

END = Finished(FinishReason.STOP, Usage(3, 2))
LONGEST_TOKENS = 60
# A list, numbers, code, a passage: what has spaces, newlines and signs at its joints.
QUESTIONS = (
    "Count from 1 to 20",
    "Which shell command shows the ten largest files in the current directory? Explain it.",
    "A baker has 12 trays with 6 rolls each. She sells 50 rolls. How many rolls are left? Explain your reasoning.",
    "What is Twinstream, and what can I do with it?",
)


def turn(question: str, so_far: str = "", max_tokens: int = 10, prompt_format: PromptFormat | None = None) -> Turn:
    conversation = Conversation.from_messages("", [Message(Role.USER, question)])
    parameters = GenerationParameters(temperature=0, max_tokens=max_tokens, repetition_penalty=1)
    return Turn(conversation, parameters, "session", prompt_format, so_far)


async def all_of(backend: Backend, asked: Turn) -> list[ChatEvent]:
    async with aclosing(respond(backend, asked)) as events:
        return [event async for event in events]


def texts(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("rest", [" and on", "ed", "\n    x", " "])
async def test_the_rest_of_an_answer_keeps_its_first_space(rest: str) -> None:
    backend = ScriptedBackend([[TextDelta(rest), END]])
    assert texts(await all_of(backend, turn("hi", "so far"))) == rest
    assert backend.requests[0].prompt == " [INST] hi [/INST] so far"


async def test_the_answer_so_far_counts_when_old_turns_are_left_out() -> None:
    messages = [Message(Role.USER, "a a a a"), Message(Role.ASSISTANT, "b b b b"), Message(Role.USER, "c")]
    asked = Turn(
        Conversation.from_messages("", messages), GenerationParameters(max_tokens=10), "session", None, "d d d d d"
    )
    backend = ScriptedBackend([[TextDelta(" e"), END]], window_tokens=24)
    assert (await all_of(backend, asked))[0] == Trimmed(1)
    assert backend.requests[0].prompt == " [INST] c [/INST] d d d d d"


async def test_an_answer_that_fills_the_window_is_not_sent_again() -> None:
    backend = ScriptedBackend(window_tokens=20)
    with pytest.raises(AnswerTooLong) as refused:
        await all_of(backend, turn("hi", "word " * 20))
    assert "cannot be continued" in refused.value.user_message
    assert backend.requests == []


async def test_who_renders_the_prompt_is_not_asked_to_go_on() -> None:
    backend = ScriptedBackend(renders_prompt=True)
    with pytest.raises(CannotContinue):
        await all_of(backend, turn("hi", "so far"))
    assert backend.requests == []


@pytest.fixture
async def built_in() -> AsyncIterator[Backend]:
    server = start_embedded()
    backend = RayServeBackend(server.url, server.api_key)
    try:
        yield backend
    finally:
        await backend.aclose()
        server.stop()


async def test_a_continued_answer_is_the_one_that_was_never_cut(built_in: Backend) -> None:
    """The likeliest tokens of the built-in model, cut at several lengths: no space is lost or doubled at the joint."""
    for question in QUESTIONS:
        events = await all_of(built_in, turn(question, max_tokens=LONGEST_TOKENS))
        whole = texts(events)
        is_cut = isinstance(events[-1], Finished) and events[-1].reason is FinishReason.LENGTH
        for cut_tokens in (1, 2, 13):
            begun = texts(await all_of(built_in, turn(question, max_tokens=cut_tokens)))
            assert whole.startswith(begun)
            rest = await all_of(built_in, turn(question, begun, max_tokens=LONGEST_TOKENS))
            continued = begun + texts(rest)
            assert continued.startswith(whole), f"cut after {cut_tokens} tokens of {question!r}"
            assert is_cut or continued == whole
