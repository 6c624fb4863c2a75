"""The keyboard, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.backends.base import Backend
from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage
from tests.browser.product import wait_until

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))


def opened(page: Page, url: str) -> ChatPage:
    chat = ChatPage(page, url)
    expect(page.locator("#shortcut-list")).to_be_attached()  # from now on keys are listened to
    return chat


def test_escape_stops_the_answer_from_the_message_box_and_from_the_page(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), None]] * 2)
    chat = opened(page, serve_page(backend))
    for leaves_box in (False, True):
        chat.send("a")
        expect(chat.last_answer).to_contain_text("so far")
        if leaves_box:
            chat.box.blur()
        page.keyboard.press("Escape")
        wait_until(lambda: backend.open_streams == 0, seconds=20)
        chat.wait_for_end()
        expect(chat.last_answer).to_contain_text("so far")


def test_escape_in_another_field_is_that_field_s(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("so far"), None]])
    chat = opened(page, serve_page(backend))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    page.locator("#system-prompt textarea").press("Escape")
    page.locator("#shortcuts").click()
    page.keyboard.press("Escape")  # closes the list
    expect(page.locator("#shortcut-list")).to_be_hidden()
    expect(page.locator("#stop")).to_be_visible()
    assert backend.open_streams == 1
    page.locator("#stop").click()
    chat.wait_for_end()


def test_a_new_chat_begins_by_keyboard_also_while_writing(page: Page, serve_page: ServePage) -> None:
    chat = opened(page, serve_page(ScriptedBackend([[TextDelta("one"), END]])))
    chat.ask("a")
    chat.box.press("Control+Shift+O")
    expect(chat.questions).to_have_count(0)


def test_a_slash_leads_to_the_message_and_is_a_slash_where_one_writes(page: Page, serve_page: ServePage) -> None:
    chat = opened(page, serve_page(ScriptedBackend()))
    page.locator("#new-chat").focus()
    page.keyboard.press("/")
    expect(chat.box).to_be_focused()
    expect(chat.box).to_have_value("")
    page.keyboard.type("a/b?")
    expect(chat.box).to_have_value("a/b?")
    system_prompt = page.locator("#system-prompt textarea")
    system_prompt.press("/")
    expect(system_prompt).to_have_value("/")
    expect(page.locator("#shortcut-list")).to_be_hidden()


def test_the_list_of_shortcuts_opens_keeps_the_focus_and_gives_it_back(page: Page, serve_page: ServePage) -> None:
    opened(page, serve_page(ScriptedBackend()))
    listed, button = page.locator("#shortcut-list"), page.get_by_role("button", name="Keyboard shortcuts")
    button.focus()
    page.keyboard.press("?")
    expect(listed).to_be_visible()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("New chat")
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("button", name="Close").click()
    expect(listed).to_be_hidden()
