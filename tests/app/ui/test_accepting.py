"""What may become a turn: retried, edited, continued; and what comes back where it is refused."""

import asyncio
from contextlib import aclosing
from typing import Any, cast

import gradio as gr
import pytest

from app.backends.catalog import BackendChoice
from app.conversation import Role
from app.generation import Finished, FinishReason, TextDelta
from app.ui.chat_pane import LEFT, ChatPane
from app.ui.figures import Refusal
from app.ui.messages import Answer, Note, PageMessage, note_of, page_message, read_message
from app.ui.running import RunningAnswers
from tests.app.fakes import ScriptedBackend

MODEL = ("scripted", None)
SIDEBAR = (*MODEL, "", "automatic", 0.0, 1.0, 0, 16, 1.0)
END = Finished(FinishReason.STOP)


class Request:
    session_hash = "a-session"


REQUEST = cast("gr.Request", Request())


def chat_of(*texts: str) -> list[PageMessage]:
    """Questions and answers in turns."""
    return [
        Answer("x", text=text).after([END]).message() if index % 2 else page_message(Role.USER, text)
        for index, text in enumerate(texts)
    ]


def pane_over(backend: ScriptedBackend) -> ChatPane:
    return ChatPane((BackendChoice("scripted", backend),), RunningAnswers(), LEFT)


def edited(index: Any, value: Any = "new") -> gr.EditData:
    return gr.EditData(None, {"index": index, "value": value, "previous_value": "old"})


async def end_of(pane: ChatPane, chat: list[PageMessage], session_id: str = "") -> Any:
    """The last that the stream yields: the chat and what has become of the message."""
    last = None
    async with aclosing(pane.stream(chat, session_id, REQUEST, *SIDEBAR)) as frames:
        async for frame in frames:
            last = frame
    return last


def contents(chat: list[PageMessage]) -> list[str]:
    return [read_message(message).content for message in chat]


def test_a_retry_asks_the_last_question_again() -> None:
    chat, *_ = pane_over(ScriptedBackend()).accept_again(chat_of("a", "one", "b", "two"), *MODEL, REQUEST)
    assert contents(chat) == ["a", "one", "b"]
    assert note_of(chat[-1]) is Note.AGAIN


@pytest.mark.parametrize("chat", [[], chat_of("a"), chat_of("a", "one", "b")])
def test_without_an_answer_nothing_is_asked_again_or_continued(chat: list[PageMessage]) -> None:
    pane = pane_over(ScriptedBackend())
    assert pane.accept_again(chat, *MODEL, REQUEST) == gr.skip()
    assert pane.accept_continued(chat, *MODEL, REQUEST) == gr.skip()


def test_an_empty_answer_cannot_be_continued() -> None:
    assert pane_over(ScriptedBackend()).accept_continued(chat_of("a", " "), *MODEL, REQUEST) == gr.skip()


@pytest.mark.parametrize("index", [0, (0, 0), [0]])
def test_an_edited_question_stands_for_what_came_after_it(index: Any) -> None:
    pane = pane_over(ScriptedBackend())
    chat, *_ = pane.accept_edited(edited(index, "b <\u2060i>"), chat_of("a", "one", "b", "two"), *MODEL, REQUEST)
    assert contents(chat) == ["b <i>"]
    assert note_of(chat[-1]) is Note.EDITED


@pytest.mark.parametrize("index", [-1, 1, 4, 10**9, "0", None, 0.0, True, [], [[0]], {"x": 1}])
def test_an_edit_of_what_is_no_question_does_nothing(index: Any) -> None:
    pane = pane_over(ScriptedBackend())
    assert pane.accept_edited(edited(index), chat_of("a", "one", "b", "two"), *MODEL, REQUEST) == gr.skip()


async def test_a_continued_answer_stays_the_same_answer_and_grows() -> None:
    backend = ScriptedBackend([[TextDelta(" two"), END]])
    pane = pane_over(backend)
    before = chat_of("a", "one <b>")
    accepted, *_ = pane.accept_continued(before, *MODEL, REQUEST)
    chat, outcome = await end_of(pane, accepted)
    assert contents(chat) == ["a", "one <b> two"]
    assert chat[-1]["metadata"] == {"id": before[-1]["metadata"]["id"], "status": "done"}
    assert outcome.ended == "complete"
    assert backend.requests[0].prompt == " [INST] a [/INST] one <b>"


@pytest.mark.parametrize("action", ["again", "edited", "continued", "sent"])
async def test_what_is_refused_while_it_is_sent_can_be_put_back(action: str) -> None:
    pane = pane_over(ScriptedBackend(window_tokens=2))
    before = chat_of("a", "one")
    match action:
        case "again":
            accepted, *_ = pane.accept_again(before, *MODEL, REQUEST)
        case "edited":
            accepted, *_ = pane.accept_edited(edited(0), before, *MODEL, REQUEST)
        case "continued":
            accepted, *_ = pane.accept_continued(before, *MODEL, REQUEST)
        case _:
            _, accepted, *_ = pane.accept("b", before, *MODEL, REQUEST)
    chat, refusal = await end_of(pane, accepted)
    assert isinstance(refusal, Refusal)
    assert refusal.reason
    assert refusal.text == {"again": "", "edited": "new", "continued": "", "sent": "b"}[action]
    if action in ("again", "edited"):
        assert note_of(chat[-1]) is Note.REFUSED
    else:
        assert chat == before


@pytest.mark.parametrize("given", ["", "x", "0" * 31, "0" * 33, "G" * 32, "0" * 32 + "\n", "\r\nx: y"])
async def test_an_identity_that_is_none_of_ours_never_becomes_a_header(given: str) -> None:
    backend = ScriptedBackend([[END]])
    pane = pane_over(backend)
    _, accepted, *_ = pane.accept("a", [], *MODEL, REQUEST)
    await end_of(pane, accepted, given)
    assert backend.requests[0].session_id != given
    assert len(backend.requests[0].session_id) == 32


async def test_the_conversations_identity_is_the_models_session() -> None:
    backend = ScriptedBackend([[END]])
    pane = pane_over(backend)
    _, accepted, *_ = pane.accept("a", [], *MODEL, REQUEST)
    await end_of(pane, accepted, "0123456789abcdef" * 2)
    assert backend.requests[0].session_id == "0123456789abcdef" * 2


async def test_the_page_sees_at_once_that_an_answer_begins() -> None:
    pane = pane_over(ScriptedBackend([[None]]))
    _, accepted, *_ = pane.accept("a", [], *MODEL, REQUEST)
    async with aclosing(pane.stream(accepted, "", REQUEST, *SIDEBAR)) as frames:
        chat, _ = await asyncio.wait_for(anext(frames), 30)
    assert contents(chat) == ["a", ""]
    assert chat[-1]["metadata"]["status"] == "pending"
