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
    questions: int = 0

    def click(self, text: str) -> list[Generator[None]]:
        """One click: accept, then stream and settle in each pane; between two steps anything else may happen."""
        chats = {name: list(chat) for name, chat in self.chats.items()}
        inputs = (chats["left"], *MODEL, self.is_comparing, chats["right"], *MODEL, self.asked)
        accepted = self.comparison.accept(text, REQUEST, *inputs)
        panes = [self.answer("left", self.comparison.left)]
        if isinstance(accepted, tuple) and isinstance(accepted[1], list):
            self.chats["left"], self.shows_send = accepted[1], False
            self.questions += 1
            if isinstance(accepted[6], int):
                self.chats["right"], self.asked = accepted[5], accepted[6]
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


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream, None)


@given(
    texts=st.lists(st.sampled_from(["", "a"]), min_size=1, max_size=4),
    order=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1))),
    is_comparing=st.booleans(),
)
def test_whatever_is_clicked_every_question_gets_its_answer_and_the_page_is_free_again(
    texts: list[str], order: list[tuple[int, int]], is_comparing: bool
) -> None:
    panes = 2 if is_comparing else 1
    backend = ScriptedBackend([ANSWER for _ in range(len(texts) * panes)])
    loop = asyncio.new_event_loop()
    try:
        page = SimulatedPage(Comparison((BackendChoice("scripted", backend),)), loop, is_comparing)
        clicks: list[list[Generator[None]] | None] = [None] * len(texts)
        to_the_end = [(number, pane) for number in range(len(texts)) for pane in (0, 1) for _ in range(10)]
        for number, pane in [*order, *to_the_end]:
            if number >= len(texts):
                continue
            steps = clicks[number]
            if steps is None:
                clicks[number] = page.click(texts[number])
            elif pane < len(steps):
                next(steps[pane], None)
        assert len(backend.requests) == page.questions * panes
        assert page.questions >= (1 if "a" in texts else 0)
        for chat in list(page.chats.values())[:panes]:
            assert [message["role"] for message in chat] == ["user", "assistant"] * page.questions
            assert not awaits_answer(chat)
        assert page.shows_send
    finally:
        loop.close()
