"""The page in a real browser, over backends that behave well and badly."""

import socket
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from app.backends.base import Backend
from app.errors import BackendFailed, StreamInterrupted
from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage
from tests.browser.product import wait_until

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))


def test_the_empty_page_offers_four_starters_and_one_answers(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("Clara Voss."), END]], window_tokens=1000)
    chat = ChatPage(page, serve_page(backend))
    expect(page.locator("#chat .example")).to_have_count(4)
    expect(page.locator("#stop")).to_be_hidden()
    page.locator("#chat .example", has_text="passage").click()
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("Clara Voss.")
    assert "lighthouse" in backend.requests[0].prompt


def test_the_next_question_carries_the_conversation_without_footers(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    assert "3 tokens in, 2 out" in chat.ask("a")
    chat.ask("b")
    assert backend.requests[1].prompt == " [INST] a [/INST] one</s> [INST] b [/INST]"
    assert backend.requests[0].session_id == backend.requests[1].session_id


def test_settings_and_system_prompt_reach_the_model(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END]])
    chat = ChatPage(page, serve_page(backend))
    page.locator("#system-prompt textarea").fill("Be kind.")
    chat.set_slider("temperature", 0)
    chat.set_slider("max-tokens", 7)
    chat.ask("a")
    request = backend.requests[0]
    assert request.prompt == " [INST] Be kind.\n\na [/INST]"
    parameters = request.parameters
    assert (parameters.temperature, parameters.top_p, parameters.top_k) == (0, 0.6, 50)
    assert (parameters.max_tokens, parameters.repetition_penalty) == (7, 1.03)


def test_stop_keeps_the_text_and_frees_the_model_at_once(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), None], [TextDelta("next"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    page.locator("#stop").click()
    wait_until(lambda: backend.open_streams == 0, seconds=10)
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("so far")
    expect(chat.last_answer).to_contain_text("Stopped.")
    assert "next" in chat.ask("b")


def test_stop_works_while_the_model_is_silent(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[None]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    wait_until(lambda: backend.open_streams == 1, seconds=10)
    page.locator("#stop").click()
    wait_until(lambda: backend.open_streams == 0, seconds=10)
    chat.wait_for_end()


def test_a_closed_tab_frees_a_silent_model(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), None]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    page.close()
    wait_until(lambda: backend.open_streams == 0, seconds=10)


def test_new_chat_in_mid_answer_leaves_an_empty_page_and_a_free_model(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), None], [TextDelta("fresh"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    page.locator("#new-chat").click()
    expect(chat.questions).to_have_count(0)
    wait_until(lambda: backend.open_streams == 0, seconds=10)
    assert "fresh" in chat.ask("b")
    assert "so far" not in backend.requests[1].prompt
    assert backend.requests[0].session_id != backend.requests[1].session_id


def test_what_is_typed_during_an_answer_is_kept_and_not_sent(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), None]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    chat.box.fill("meanwhile")
    chat.box.press("Enter")
    page.locator("#stop").click()
    chat.wait_for_end()
    expect(chat.box).to_have_value("meanwhile")
    expect(chat.questions).to_have_count(1)


def test_an_empty_message_does_nothing(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.box.fill("  \n")
    page.locator("#send").click()
    chat.ask("a")
    expect(chat.questions).to_have_count(1)


@pytest.mark.parametrize("text", ["x " * 500_000, "word " * 200])
def test_a_message_that_is_too_long_is_explained_kept_and_the_chat_goes_on(
    page: Page, serve_page: ServePage, text: str
) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    chat.box.evaluate(
        "(box, text) => { box.value = text; box.dispatchEvent(new Event('input', {bubbles: true})) }", text
    )
    page.locator("#send").click()
    expect(chat.notice).to_contain_text("Nothing was sent.")
    expect(chat.questions).to_have_count(1)
    expect(chat.box).to_have_value(text)
    assert "two" in chat.ask("b")
    expect(chat.notice).to_be_hidden()
    assert backend.requests[1].prompt == " [INST] a [/INST] one</s> [INST] b [/INST]"


@pytest.mark.parametrize("failure", [BackendFailed("secret"), StreamInterrupted("secret")])
def test_a_failure_in_mid_answer_keeps_the_text_and_the_chat_goes_on(
    page: Page, serve_page: ServePage, failure: BackendFailed
) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), failure], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    answer = chat.ask("a")
    assert "so far" in answer
    assert failure.user_message in answer
    assert "secret" not in page.content()
    assert "two" in chat.ask("b")


def test_the_page_follows_the_chat_after_a_long_message(page: Page, serve_page: ServePage) -> None:
    long_answer = "A paragraph of some words.\n\n" * 20
    backend = ScriptedBackend([[TextDelta(long_answer), END]] * 3, window_tokens=10_000)
    chat = ChatPage(page, serve_page(backend))
    for question in ("short", "A sentence that fills the box, line after line. " * 20, "short"):
        chat.ask(question)
        page.wait_for_function(
            "() => { const chat = document.querySelector('#chat .bubble-wrap');"
            " return chat.scrollHeight - chat.scrollTop - chat.clientHeight < 5 }"
        )


def test_code_and_mathematics_are_shown_as_such(page: Page, serve_page: ServePage) -> None:
    text = "```python\nfor i in x:\n    print(i)\n```\n\n\\(a^2\\) and $$b^2$$"
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta(text), END]])))
    chat.ask("a")
    expect(chat.last_answer.locator("pre code")).to_contain_text("    print(i)")
    expect(chat.last_answer.locator(".katex")).to_have_count(2)


def test_a_picture_in_an_answer_reaches_no_other_host(browser: Browser, serve_page: ServePage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other_host, browser.new_context() as context:
        address = f"http://127.0.0.1:{other_host.getsockname()[1]}"
        text = f"![x]({address}/a.png) <img src='{address}/b.png'> done"
        blocked: list[str] = []
        page = context.new_page()
        page.on("console", lambda message: blocked.append(message.text))
        chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta(text), END]])))
        chat.ask("a")
        expect(chat.last_answer).to_contain_text("done")
        assert "<img" in chat.last_answer.inner_text().replace("\u2060", "")  # a tag is seen as text
        assert len([line for line in blocked if address in line and "Content Security Policy" in line]) == 1
        other_host.settimeout(0)
        with pytest.raises(BlockingIOError):
            other_host.accept()


def test_a_draft_survives_a_starter(page: Page, serve_page: ServePage) -> None:
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta("one"), END]], window_tokens=1000)))
    chat.box.fill("my draft")
    page.locator("#chat .example").first.click()
    chat.wait_for_end()
    expect(chat.box).to_have_value("my draft")


def test_on_a_phone_the_sidebar_is_folded_away(page: Page, serve_page: ServePage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta("one"), END]])))
    expect(page.locator("#sidebar")).not_to_contain_class("open")
    assert "one" in chat.ask("a")
