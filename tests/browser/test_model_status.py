"""What the page says of a model that is not there, not there yet, or not there any more."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.backends.base import Backend
from app.backends.ray_serve import RayServeBackend
from app.backends.unconfigured import UnconfiguredBackend
from app.errors import BackendNotReady
from app.generation import Finished, FinishReason, ModelDescription, TextDelta
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP)


class LoadingBackend(ScriptedBackend):
    """Not ready for so many calls."""

    refusals = 2

    async def describe(self) -> ModelDescription:
        if self.refusals:
            self.refusals -= 1
            raise BackendNotReady("503", 0.5)
        return await super().describe()


def test_a_model_that_still_loads_is_said_and_waited_for(page: Page, serve_page: ServePage) -> None:
    backend = LoadingBackend([[TextDelta("one"), END]])
    backend.refusals = 10**6
    chat = ChatPage(page, serve_page(backend))
    expect(chat.status).to_contain_text("still loading")
    chat.send("a")
    expect(chat.last_answer).to_contain_text("not ready yet")
    backend.refusals = 0
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("one")
    expect(chat.last_answer).not_to_contain_text("not ready yet")
    expect(chat.status).to_contain_text("is ready")


def test_a_model_that_went_away_during_an_answer_is_said_after_it(page: Page, serve_page: ServePage) -> None:
    backend = LoadingBackend([[TextDelta("one"), None]])
    backend.refusals = 0
    chat = ChatPage(page, serve_page(backend))
    expect(chat.status).to_contain_text("is ready")
    chat.send("a")
    expect(chat.last_answer).to_contain_text("one")
    backend.refusals = 10**6
    page.locator("#stop").click()
    expect(chat.status).to_contain_text("still loading")


def test_an_address_that_points_nowhere_is_said_and_the_page_works(
    page: Page, serve_page: ServePage, unused_tcp_port: int
) -> None:
    chat = ChatPage(page, serve_page(RayServeBackend(f"http://127.0.0.1:{unused_tcp_port}", None)))
    expect(chat.status).to_contain_text("RAY_SERVE_URL")
    assert "cannot be reached" in chat.ask("a")


def test_a_page_without_a_model_names_the_variable_to_set(page: Page, serve_page: ServePage) -> None:
    chat = ChatPage(page, serve_page(UnconfiguredBackend()))
    expect(chat.status).to_contain_text("set RAY_SERVE_URL")
    assert "set RAY_SERVE_URL" in chat.ask("a")
