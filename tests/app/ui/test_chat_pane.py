"""The calls of several clicks on Send, in every order in which they can reach the server."""

import asyncio
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field
from typing import Any, cast

import gradio as gr
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalog import BackendChoice
from app.errors import BackendError
from app.generation import Finished, FinishReason, StreamEvent, TextDelta
from app.ui.chat_pane import ChatPane
from app.ui.messages import PageMessage, awaits_answer
from tests.app.fakes import ScriptedBackend

MODEL = ("scripted", None)
SIDEBAR = (*MODEL, "", "automatic", 0.0, 1.0, 0, 16, 1.0)
ANSWER: list[StreamEvent | BackendError | None] = [TextDelta("one"), Finished(FinishReason.STOP, None, None)]


class Request:
    session_hash = "a-session"


REQUEST = cast("gr.Request", Request())


@dataclass
class SimulatedPage:
    """What the browser holds, and what of it a click sends to the server, step by step."""

    pane: ChatPane
    loop: asyncio.AbstractEventLoop
    chat: list[PageMessage] = field(default_factory=list)
    refusal: Any = None
    shows_send: bool = True
    turns: int = 0

    def click(self, action: str) -> Generator[None]:
        """One click: accept, stream and settle; between two steps anything else may happen."""
        accepted = self.accept(action, list(self.chat))
        if isinstance(accepted, tuple) and isinstance(accepted[-4], list):
            self.chat, self.shows_send = accepted[-4], False
            self.turns += 1
        yield
        stream = self.pane.stream(list(self.chat), "a-chat", REQUEST, *SIDEBAR)
        yield
        while (output := self.loop.run_until_complete(_next(stream))) is not None:
            if isinstance(output[0], list):
                self.chat, self.refusal = output
            yield
        settled = self.pane.settle(self.refusal, "", REQUEST)
        if isinstance(settled, tuple):
            self.shows_send = True

    def accept(self, action: str, chat: list[PageMessage]) -> Any:
        match action:
            case "retry":
                return self.pane.accept_again(chat, *MODEL, REQUEST)
            case "continue":
                return self.pane.accept_continued(chat, *MODEL, REQUEST)
            case "edit":
                edited = gr.EditData(None, {"index": 0, "value": "edited", "previous_value": ""})
                return self.pane.accept_edited(edited, chat, *MODEL, REQUEST)
        return self.pane.accept(action, chat, *MODEL, REQUEST)


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)


actions = st.sampled_from(["", "a", "a", "retry", "continue", "edit"])


@given(texts=st.lists(actions, min_size=1, max_size=5), order=st.lists(st.integers(0, 4)))
def test_whatever_is_clicked_every_question_gets_its_answer_and_the_page_is_free_again(
    texts: list[str], order: list[int]
) -> None:
    backend = ScriptedBackend([ANSWER] * len(texts))
    loop = asyncio.new_event_loop()
    try:
        page = SimulatedPage(ChatPane((BackendChoice("scripted", backend),)), loop)
        clicks = [page.click(text) for text in texts]
        for number in [*order, *(number for number in range(len(clicks)) for _ in range(10))]:
            if number < len(clicks):
                next(clicks[number], None)
        assert len(backend.requests) == page.turns
        assert page.turns >= (1 if "a" in texts else 0)
        assert [message["role"] for message in page.chat] == ["user", "assistant"] * (len(page.chat) // 2)
        assert page.shows_send
        assert not awaits_answer(page.chat)
    finally:
        loop.close()
