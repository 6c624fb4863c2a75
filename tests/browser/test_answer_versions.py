"""What can be done with what was said: versions of an answer, another question, back, and on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.backends.base import Backend
from app.errors import BackendFailed
from app.generation import Finished, FinishReason, ModelDescription, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))
CUT = Finished(FinishReason.LENGTH, Usage(3, 2))


def retry(chat: ChatPage, expected: str) -> None:
    chat.page.locator("#retry").click()
    expect(chat.last_answer).to_contain_text(expected)
    chat.wait_for_end()


def test_retry_keeps_every_answer_as_a_version_also_after_a_reload(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta(text), END] for text in ("one", "two", "three", "four")])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    counter = page.locator("#version-counter")
    expect(counter).to_be_hidden()
    retry(chat, "two")
    retry(chat, "three")
    expect(counter).to_have_text("3/3")
    assert [request.prompt for request in backend.requests] == [" [INST] a [/INST]"] * 3
    page.locator("#version-previous").click()
    page.locator("#version-previous").click()
    expect(chat.last_answer).to_contain_text("one")
    expect(counter).to_have_text("1/3")
    chat.settle()
    page.reload()
    expect(chat.last_answer).to_contain_text("one")
    expect(counter).to_have_text("1/3")
    page.locator("#version-next").click()
    expect(chat.last_answer).to_contain_text("two")
    chat.ask("b")
    assert backend.requests[3].prompt == " [INST] a [/INST] two</s> [INST] b [/INST]"


def test_a_retry_that_fails_is_a_version_of_its_own(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END], [BackendFailed("secret")], [TextDelta("three"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    retry(chat, "The model server failed.")
    page.locator("#version-previous").click()
    expect(chat.last_answer).to_contain_text("one")
    page.locator("#version-next").click()
    retry(chat, "three")
    expect(page.locator("#version-counter")).to_have_text("3/3")


class ShrinkingBackend(ScriptedBackend):
    """Its window can become too small for anything."""

    async def describe(self) -> ModelDescription:
        return ModelDescription(self.model_id, self.window_tokens)


@pytest.mark.parametrize("action", ["retry", "continue"])
def test_what_is_refused_loses_nothing(page: Page, serve_page: ServePage, action: str) -> None:
    backend = ShrinkingBackend([[TextDelta("one"), CUT], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    backend.window_tokens = 2
    page.locator(f"#{action}").click()
    expect(chat.notice).to_be_visible()
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("one")
    expect(page.locator("#version-counter")).to_be_hidden()
    expect(chat.box).to_have_value("")
    backend.window_tokens = 100
    assert "two" in chat.ask("b")
    assert backend.requests[1].prompt == " [INST] a [/INST] one</s> [INST] b [/INST]"
    chat.settle()
    page.reload()
    expect(chat.answers).to_have_count(2)


def test_an_edit_that_is_refused_goes_into_the_box_and_the_chat_comes_back(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    chat.ask("b")
    chat.edit(0, "word " * 100)
    expect(chat.notice).to_contain_text("too long")
    chat.wait_for_end()
    expect(chat.questions).to_have_count(2)
    expect(chat.answers).to_have_count(2)
    expect(chat.box).to_have_value("word " * 100)


def test_an_edited_question_is_asked_anew_and_what_came_after_it_is_gone(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta(text), END] for text in ("one", "two", "three", "four")])
    chat = ChatPage(page, serve_page(backend))
    for question in "abc":
        chat.ask(question)
    chat.edit(1, "B")
    expect(chat.last_answer).to_contain_text("four")
    chat.wait_for_end()
    expect(chat.questions).to_have_text(["a", "B"])
    expect(chat.answers).to_have_count(2)
    assert backend.requests[3].prompt == " [INST] a [/INST] one</s> [INST] B [/INST]"
    expect(page.locator("#version-counter")).to_be_hidden()


def test_undo_takes_the_last_turn_back_into_the_box(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta(text), END] for text in ("one", "two", "three")])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    chat.ask("use <b>bold</b>")
    page.locator("#undo").click()
    expect(chat.questions).to_have_count(1)
    expect(chat.box).to_have_value("use <b>bold</b>")
    chat.ask("c")
    assert backend.requests[2].prompt == " [INST] a [/INST] one</s> [INST] c [/INST]"
    page.locator("#undo").click()
    expect(chat.questions).to_have_count(1)
    page.locator("#undo").click()
    expect(page.locator("#answer-actions")).to_be_hidden()
    expect(chat.box).to_have_value("a\n\nc")


def test_a_cut_answer_goes_on_where_it_ended(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta(" one"), CUT], [TextDelta(" two"), CUT], [TextDelta(" three"), END]])
    chat = ChatPage(page, serve_page(backend))
    assert "Cut at the longest answer" in chat.ask("a")
    page.locator("#continue").click()
    expect(chat.last_answer).to_contain_text("one two")
    chat.wait_for_end()
    page.locator("#continue").click()
    expect(chat.last_answer).to_contain_text("one two three")
    chat.wait_for_end()
    expect(page.locator("#continue")).to_be_hidden()
    expect(chat.last_answer).not_to_contain_text("Cut at")
    expect(page.locator("#version-counter")).to_be_hidden()
    assert backend.requests[2].prompt == " [INST] a [/INST] one two"


def test_a_stopped_answer_can_be_continued_and_a_whole_one_cannot(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), None], [TextDelta(" two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("one")
    expect(page.locator("#answer-actions")).to_be_hidden()
    page.locator("#stop").click()
    chat.wait_for_end()
    page.locator("#continue").click()
    expect(chat.last_answer).to_contain_text("one two")
    chat.wait_for_end()
    expect(page.locator("#retry")).to_be_visible()
    expect(page.locator("#continue")).to_be_hidden()


def test_where_the_server_renders_the_prompt_it_is_said_that_nothing_can_be_continued(
    page: Page, serve_page: ServePage
) -> None:
    backend = ScriptedBackend([[TextDelta("one"), CUT]], renders_prompt=True)
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    page.locator("#continue").click()
    expect(chat.notice).to_contain_text("cannot continue one")
    expect(chat.last_answer).to_contain_text("one")
