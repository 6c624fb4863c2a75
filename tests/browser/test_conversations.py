"""Conversations that stay in the browser: through reload, restart, other tabs and other conversations."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from app.backends.base import Backend
from app.backends.catalog import BackendChoice
from app.generation import Finished, FinishReason, StreamEvent, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import serving
from tests.browser.product import wait_until

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))


def answering(*texts: str) -> ScriptedBackend:
    scripts: list[list[StreamEvent]] = [[TextDelta(text), END] for text in texts]
    return ScriptedBackend([*scripts], window_tokens=1000)


@pytest.fixture
def left_page(browser: Browser, serve_page: ServePage) -> Iterator[Page]:
    """One that may be left in mid-answer, which Gradio's own script reports as errors; closed before its server."""
    with browser.new_context() as context:
        yield context.new_page()


def test_a_reload_in_mid_answer_loses_a_second_at_most(left_page: Page, serve_page: ServePage) -> None:
    page = left_page
    backend = ScriptedBackend([[TextDelta("so far"), None], [TextDelta(" and on"), END]], window_tokens=1000)
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    expect(chat.conversations).to_have_text(["a"])  # saved
    page.reload()
    expect(chat.last_answer).to_contain_text("so far")
    expect(chat.last_answer).to_contain_text("The page was left before the end of this answer.")
    wait_until(lambda: backend.open_streams == 0, seconds=30)
    page.locator("#continue").click()
    expect(chat.last_answer).to_contain_text("so far and on")
    chat.wait_for_end()
    assert backend.requests[1].prompt == " [INST] a [/INST] so far"
    assert backend.requests[0].session_id == backend.requests[1].session_id


def test_a_restart_of_the_server_loses_nothing(browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        with serving(BackendChoice("Scripted", answering("one"))) as url:
            chat = ChatPage(page, url)
            chat.ask("a")
            chat.settle()
        again = answering("two")
        with serving(BackendChoice("Scripted", again), port=urlsplit(url).port or 0):
            page.reload()
            expect(chat.last_answer).to_contain_text("one")
            assert "two" in chat.ask("b")
            assert again.requests[0].prompt == " [INST] a [/INST] one</s> [INST] b [/INST]"
            page.goto("about:blank")


def test_two_browsers_never_see_each_others_chats(page: Page, browser: Browser, serve_page: ServePage) -> None:
    url = serve_page(answering("one"))
    chat = ChatPage(page, url)
    chat.ask("mine")
    chat.settle()
    with browser.new_context() as context:
        other = ChatPage(context.new_page(), url)
        expect(other.status).to_contain_text("is ready")
        expect(other.conversations).to_have_count(0)
        expect(other.questions).to_have_count(0)
        assert "mine" not in other.page.content()


def test_two_tabs_with_two_conversations_keep_both(page: Page, serve_page: ServePage) -> None:
    url = serve_page(answering("one", "two", "three"))
    first = ChatPage(page, url)
    first.ask("from the first")
    second = ChatPage(page.context.new_page(), url)
    expect(second.conversations).to_have_text(["from the first"])
    expect(second.questions).to_have_count(0)  # a new tab begins a new chat
    second.ask("from the second")
    expect(first.conversations).to_have_text(["from the second", "from the first"])
    first.ask("again from the first")
    for tab in (first, second):
        expect(tab.conversations).to_have_text(["from the first", "from the second"])
    second.open("from the first")
    expect(second.questions).to_have_count(2)


def test_of_two_tabs_with_one_conversation_the_last_to_write_wins(page: Page, serve_page: ServePage) -> None:
    url = serve_page(answering("one", "two", "three"))
    first = ChatPage(page, url)
    first.ask("a")
    second = ChatPage(page.context.new_page(), url)
    second.open("a")
    expect(second.answers).to_have_count(1)
    second.ask("from the second")
    second.settle()
    first.ask("from the first")
    first.settle()
    second.page.reload()
    expect(second.questions.last).to_contain_text("from the first")
    expect(second.conversations).to_have_text(["a"])


def test_what_had_come_stays_with_the_conversation_that_was_left(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("old"), END], [TextDelta("half"), None], [TextDelta("new"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("first")
    chat.new_chat()
    chat.send("second")
    expect(chat.last_answer).to_contain_text("half")
    chat.open("first")
    wait_until(lambda: backend.open_streams == 0, seconds=30)
    expect(chat.answers).to_have_count(1)
    expect(chat.last_answer).to_contain_text("old")
    assert "new" in chat.ask("third")
    assert backend.requests[2].prompt == " [INST] first [/INST] old</s> [INST] third [/INST]"
    chat.open("second")
    expect(chat.answers).to_have_count(1)
    expect(chat.last_answer).to_contain_text("half")


def test_a_conversation_comes_back_with_its_settings(page: Page, serve_page: ServePage) -> None:
    chat = ChatPage(page, serve_page(answering("one", "two")))
    system = page.locator("#system-prompt textarea")
    system.fill("Be kind.")
    chat.set_slider("temperature", 0)
    chat.ask("kindly")
    chat.new_chat()
    system.fill("Be brief.")
    chat.set_slider("temperature", 1)
    chat.ask("briefly")
    chat.open("kindly")
    expect(system).to_have_value("Be kind.")
    expect(page.locator("#temperature input[type=range]")).to_have_value("0")
    chat.open("briefly")
    expect(system).to_have_value("Be brief.")
    expect(page.locator("#temperature input[type=range]")).to_have_value("1")


def test_conversations_are_listed_opened_and_renamed_without_asking_the_server(
    page: Page, serve_page: ServePage
) -> None:
    chat = ChatPage(page, serve_page(answering("one", "two")))
    chat.ask("first")
    chat.new_chat()
    chat.ask("second")
    chat.settle()
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.endswith("/heartbeat"):
            asked.append(f"{request.url} {request.post_data or ''}")

    page.on("request", note)
    chat.row("first").hover()
    chat.row("first").locator(".rename").click()
    page.keyboard.type("renamed")
    page.keyboard.press("Enter")
    expect(chat.conversations).to_have_text(["second", "renamed"])
    page.locator("#conversations input[type=search]").fill("two")
    expect(chat.conversations).to_have_text(["second"])
    page.locator("#conversations input[type=search]").fill("")
    assert asked == []
    chat.open("renamed")
    expect(chat.last_answer).to_contain_text("one")
    assert all('"data":[]' in request or "/queue/data" in request for request in asked)  # who leaves an answer says so
    assert all(text not in request for request in asked for text in ("first", "second", "one", "two"))
