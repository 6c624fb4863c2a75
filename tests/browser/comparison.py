"""Two scripted models side by side, for the browser tests of the comparison."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from app.backends.catalog import BackendChoice
from app.generation import Finished, FinishReason, GenerationRequest, StreamEvent, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage

END = Finished(FinishReason.STOP, Usage(3, 2))


@dataclass
class HeldBackend(ScriptedBackend):
    """Keeps the end of each answer back until it is let go."""

    is_held: bool = True

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        async with aclosing(super().stream(request)) as events:
            async for event in events:
                while isinstance(event, Finished) and self.is_held:
                    await asyncio.sleep(0.01)
                yield event


def answering(*texts: str, window_tokens: int = 1000) -> ScriptedBackend:
    return ScriptedBackend([[TextDelta(text), END] for text in texts], window_tokens=window_tokens)


def choices(left: ScriptedBackend, right: ScriptedBackend) -> tuple[BackendChoice, ...]:
    return BackendChoice("Ray Serve", left), BackendChoice("Another", right)


class ComparePage(ChatPage):
    """The page while it compares the first choice with the second."""

    def __init__(self, page: Page, url: str) -> None:
        super().__init__(page, url)
        self.compare()
        self.choose_right("Another")

    def compare(self) -> None:
        expect(self.status).to_contain_text("is ready")
        self.unfold_sidebar()
        self.page.locator("#compare input").check()
        expect(self.page.locator("#chat-b")).to_be_visible()
        if self.is_narrow:
            self.page.locator("#sidebar .toggle-button").click()

    @property
    def is_narrow(self) -> bool:
        return bool(self.page.evaluate("innerWidth < 800"))

    def unfold_sidebar(self) -> None:
        if self.is_narrow:
            expect(self.page.locator("#sidebar")).not_to_contain_class("open")
            self.page.locator("#sidebar .toggle-button").click()

    def choose_right(self, label: str) -> None:
        box = self.page.locator("#backend-b input")
        box.click()
        self.page.get_by_role("option", name=label, exact=True).click()
        expect(box).to_have_value(label)

    @property
    def right_answers(self) -> Locator:
        return self.page.locator("#chat-b .bot")

    @property
    def right_questions(self) -> Locator:
        return self.page.locator("#chat-b .user-row")

    def figures(self, side: str) -> Locator:
        return self.page.locator("#figures tbody tr", has_text=side)
