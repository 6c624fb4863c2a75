"""The calls of several clicks on Send, in every order in which they can reach the server, in one pane and in two."""

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
from app.ui.compare import Comparison
from app.ui.figures import Outcome
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

    comparison: Comparison
    loop: asyncio.AbstractEventLoop
    is_comparing: bool
    chats: dict[str, list[PageMessage]] = field(default_factory=lambda: {"left": [], "right": []})
    outcomes: dict[str, Outcome] = field(default_factory=lambda: {"left": None, "right": None})
    asked: int = 0
    shows_send: bool = True
    turns: int = 0

    def click(self, action: str) -> list[Generator[None]]:
        """One click: accept, then stream and settle in each pane; between two steps anything else may happen."""
        chat, right_chat, asked = self.accept(action)
        panes = [self.answer("left", self.comparison.left)]
        if isinstance(chat, list):
            self.chats["left"], self.shows_send = chat, False
            self.turns += 1
        if isinstance(asked, int):
            self.chats["right"], self.asked = right_chat, asked
            self.turns += 1
            panes.append(self.answer("right", self.comparison.right))
        return panes

    def answer(self, name: str, pane: ChatPane) -> Generator[None]:
        stream = pane.stream(list(self.chats[name]), "a-chat", REQUEST, *SIDEBAR)
        yield
        while (output := self.loop.run_until_complete(_next(stream))) is not None:
            if isinstance(output[0], list):
                self.chats[name], self.outcomes[name] = output
            yield
        settled = self.comparison.settle(self.outcomes["left"], self.outcomes["right"], 0, 0, "", REQUEST)
        if settled[4].get("visible"):
            self.shows_send = True

    def accept(self, action: str) -> Any:
        """What of it changes the page: chat, right chat, asked."""
        left, chat = self.comparison.left, list(self.chats["left"])
        match action:
            case "retry":
                accepted = left.accept_again(chat, *MODEL, REQUEST)
            case "continue":
                accepted = left.accept_continued(chat, *MODEL, REQUEST)
            case "edit":
                edited = gr.EditData(None, {"index": 0, "value": "edited", "previous_value": ""})
                accepted = left.accept_edited(edited, chat, *MODEL, REQUEST)
            case text:
                inputs = (chat, *MODEL, self.is_comparing, list(self.chats["right"]), *MODEL, self.asked)
                accepted = self.comparison.accept(text, REQUEST, *inputs)
                return (accepted[1], *accepted[5:]) if isinstance(accepted, tuple) else (None, None, None)
        return accepted[0] if isinstance(accepted, tuple) else None, None, None


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)


actions = st.sampled_from(["", "a", "a", "retry", "continue", "edit"])


@given(
    texts=st.lists(actions, min_size=1, max_size=5),
    order=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1))),
    is_comparing=st.booleans(),
)
def test_whatever_is_clicked_every_question_gets_its_answer_and_the_page_is_free_again(
    texts: list[str], order: list[tuple[int, int]], is_comparing: bool
) -> None:
    backend = ScriptedBackend([ANSWER for _ in range(2 * len(texts))])
    loop = asyncio.new_event_loop()
    try:
        page = SimulatedPage(Comparison((BackendChoice("scripted", backend),)), loop, is_comparing)
        clicks: list[list[Generator[None]] | None] = [None] * len(texts)
        to_the_end = [(number, pane) for number in range(len(texts)) for pane in (0, 1) for _ in range(10)]
        for number, pane in [*order, *to_the_end]:
            steps = clicks[number] if number < len(texts) else []
            if steps is None:
                clicks[number] = page.click(texts[number])
            elif pane < len(steps):
                next(steps[pane], None)
        assert len(backend.requests) == page.turns
        assert page.turns >= (1 if "a" in texts else 0)
        for chat in page.chats.values():
            assert [message["role"] for message in chat] == ["user", "assistant"] * (len(chat) // 2)
            assert not awaits_answer(chat)
        assert page.shows_send
    finally:
        loop.close()
