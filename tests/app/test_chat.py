"""One turn against a scripted backend."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.chat import ChatEvent, Trimmed, Turn, Waiting, respond
from app.conversation import Conversation, Message, Role
from app.errors import AnswerWithoutEnd, BackendError, BackendFailed, BackendNotReady, MessageTooLong, PromptTooLong
from app.generation import Finished, FinishReason, GenerationParameters, StreamEvent, TextDelta, Usage
from app.prompts.template import PromptFormat
from tests.app.fakes import ScriptedBackend

END = Finished(FinishReason.STOP, Usage(3, 2))
ANSWER: list[StreamEvent] = [TextDelta(" Hel"), TextDelta("lo"), END]


def turn(*contents: str, max_tokens: int = 10, prompt_format: PromptFormat | None = None) -> Turn:
    roles = [Role.USER, Role.ASSISTANT] * len(contents)
    conversation = Conversation.from_messages("", map(Message, roles, contents))
    return Turn(conversation, GenerationParameters(max_tokens=max_tokens), "session", prompt_format)


async def all_of(backend: ScriptedBackend, asked: Turn) -> list[ChatEvent]:
    async with aclosing(respond(backend, asked)) as events:
        return [event async for event in events]


def texts(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_turn_gives_its_text_and_one_end_with_timings() -> None:
    backend = ScriptedBackend([ANSWER])
    events = await all_of(backend, turn("hi"))
    assert texts(events) == "Hello"
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.usage == Usage(3, 2)
    assert end.timings is not None
    assert 0 <= end.timings.first_token_seconds <= end.timings.total_seconds


async def test_the_prompt_follows_from_the_models_name_and_carries_the_session() -> None:
    backend = ScriptedBackend([ANSWER])
    await all_of(backend, turn("hi", "yes", "and?"))
    assert backend.requests[0].prompt == " [INST] hi [/INST] yes</s> [INST] and? [/INST]"
    assert backend.requests[0].session_id == "session"


async def test_the_chosen_format_comes_before_the_models_name() -> None:
    backend = ScriptedBackend([ANSWER])
    await all_of(backend, turn("hi", prompt_format=PromptFormat.LLAMA_2))
    assert backend.requests[0].prompt == "[INST] hi [/INST]"


async def test_only_who_is_known_to_be_mistral_gets_the_system_text_within_a_message() -> None:
    backend = ScriptedBackend([ANSWER, ANSWER])
    asked = replace(turn("hi"), conversation=Conversation.from_messages("Be brief.", [Message(Role.USER, "hi")]))
    await all_of(backend, asked)
    await all_of(backend, replace(asked, prompt_format=PromptFormat.MISTRAL_V1))
    unknown, chosen = ([message.content for message in request.messages] for request in backend.requests)
    assert (unknown, chosen) == (["Be brief.", "hi"], ["Be brief.\n\nhi"])
    assert backend.requests[0].prompt == backend.requests[1].prompt


async def test_only_spaces_between_question_and_answer_are_taken_away() -> None:
    backend = ScriptedBackend([[TextDelta(" "), TextDelta("  \n a "), TextDelta(" b"), END]])
    assert texts(await all_of(backend, turn("hi"))) == "\n a  b"


async def test_a_plain_completion_keeps_its_first_space() -> None:
    backend = ScriptedBackend([[TextDelta(" Paris"), END]])
    assert texts(await all_of(backend, turn("The capital is", prompt_format=PromptFormat.NONE))) == " Paris"


async def test_a_long_chat_loses_its_oldest_turns_and_says_so() -> None:
    backend = ScriptedBackend([ANSWER], window_tokens=20)
    events = await all_of(backend, turn("a a a a a a a a", "b", "c", "d", "e"))
    assert events[0] == Trimmed(1)
    assert backend.requests[0].prompt == " [INST] c [/INST] d</s> [INST] e [/INST]"


async def test_the_answer_may_take_at_most_half_of_the_window() -> None:
    backend = ScriptedBackend([ANSWER], window_tokens=20)
    await all_of(backend, turn("hi", max_tokens=4096))
    assert backend.requests[0].parameters.max_tokens == 10


async def test_a_message_that_cannot_fit_is_refused_before_anything_is_sent() -> None:
    backend = ScriptedBackend([ANSWER], window_tokens=20)
    with pytest.raises(MessageTooLong):
        await all_of(backend, turn("word " * 30))
    assert backend.requests == []


async def test_tokens_are_counted_here_where_the_server_does_not() -> None:
    backend = ScriptedBackend([ANSWER], window_tokens=40, counts_tokens=False)
    events = await all_of(backend, turn("a " * 30, "b", "c"))
    assert events[0] == Trimmed(1)


async def test_a_prompt_that_the_server_refuses_to_count_is_too_long() -> None:
    class Refusing(ScriptedBackend):
        async def count_tokens(self, prompt: str) -> int | None:
            raise PromptTooLong("413")

    with pytest.raises(MessageTooLong):
        await all_of(Refusing([ANSWER]), turn("hi"))


async def test_what_the_server_finds_too_long_is_trimmed_further_and_said_once() -> None:
    backend = ScriptedBackend([[PromptTooLong("400")], [PromptTooLong("400")], ANSWER], window_tokens=50)
    events = await all_of(backend, turn(*"abcdefghijklm"))
    assert [len(request.messages) for request in backend.requests] == [13, 11, 9]
    assert [event for event in events if isinstance(event, Trimmed)] == [Trimmed(2)]
    assert events[0] == Trimmed(2)
    assert texts(events) == "Hello"
    assert backend.open_streams == 0


async def test_a_server_that_finds_everything_too_long_is_asked_four_times_at_most() -> None:
    backend = ScriptedBackend([[PromptTooLong("400")]] * 9, window_tokens=1000)
    with pytest.raises(PromptTooLong):
        await all_of(backend, turn(*("word " * 10 for _ in range(21))))
    assert len(backend.requests) == 4


async def test_a_message_that_the_server_finds_too_long_by_itself_is_refused_as_such() -> None:
    backend = ScriptedBackend([[PromptTooLong("400")]] * 9)
    with pytest.raises(MessageTooLong):
        await all_of(backend, turn("one long message"))
    assert len(backend.requests) == 1


async def test_a_prompt_that_is_too_long_only_after_its_answer_began_is_not_sent_again() -> None:
    backend = ScriptedBackend([[TextDelta("Hel"), PromptTooLong("400")], ANSWER])
    with pytest.raises(PromptTooLong):
        await all_of(backend, turn("a", "b", "c"))
    assert len(backend.requests) == 1


async def test_a_server_that_is_not_ready_is_waited_for_as_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds:
            waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    backend = NotReadyTwice([ANSWER])
    events = await all_of(backend, turn("hi"))
    assert [type(event) for event in events[:2]] == [Waiting, Waiting]
    assert waited == [3.0, 3.0]
    assert texts(events) == "Hello"


class NotReadyTwice(ScriptedBackend):
    refusals = 0

    async def count_tokens(self, prompt: str) -> int | None:
        if self.refusals < 2:
            self.refusals += 1
            raise BackendNotReady("503", 3)
        return await super().count_tokens(prompt)


async def test_text_before_a_failure_was_delivered_and_the_failure_is_raised() -> None:
    backend = ScriptedBackend([[TextDelta("Hel"), BackendFailed("boom")]])
    seen: list[ChatEvent] = []
    with pytest.raises(BackendError):
        async with aclosing(respond(backend, turn("hi"))) as events:
            async for event in events:
                seen.append(event)
    assert texts(seen) == "Hel"
    assert backend.open_streams == 0


async def test_an_answer_without_end_is_ended_with_what_a_page_can_show() -> None:
    backend = ScriptedBackend([[TextDelta("a"), TextDelta("b" * 250_000), END]])
    seen: list[ChatEvent] = []
    with pytest.raises(AnswerWithoutEnd, match="200000"):
        async with aclosing(respond(backend, turn("hi"))) as events:
            async for event in events:
                seen.append(event)
    assert len(texts(seen)) == 200_000
    assert backend.open_streams == 0


async def test_closing_a_turn_closes_the_stream_of_the_backend() -> None:
    backend = ScriptedBackend([[TextDelta("Hel"), None]])
    async with aclosing(respond(backend, turn("hi"))) as events:
        await anext(events)
        assert backend.open_streams == 1
    assert backend.open_streams == 0


async def test_cancelling_a_silent_turn_closes_the_stream_of_the_backend() -> None:
    backend = ScriptedBackend([[None]])
    task = asyncio.create_task(all_of(backend, turn("hi")))
    while not backend.open_streams:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert backend.open_streams == 0
