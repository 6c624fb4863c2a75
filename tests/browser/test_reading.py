"""What is seen, heard and copied of a message, and who is quicker than the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.backends.base import Backend
from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))
TEXT = "Use <b>tags</b>, <script>alert(1)</script> and List<String>; $5 and $6, but $x^2$.\n\n```html\n<b>code</b>\n```"
SLOW_STORAGE = """
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...inputs) {
  const request = open.apply(this, inputs);
  let said = null;
  Object.defineProperty(request, "onsuccess", { set: (say) => { said = say } });
  request.addEventListener("success", (event) => setTimeout(() => said(event), 3000));
  return request;
};
"""
# What the button or the keyboard would put into the clipboard, which a test may not read.
CLIPBOARD = """
window.copied = [];
navigator.clipboard.writeText = async (text) => void window.copied.push(text);
addEventListener("copy", (event) => window.copied.push(event.clipboardData.getData("text/plain")));
"""


def test_tags_and_prices_are_seen_as_text_and_mathematics_as_such(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta(TEXT), END]], window_tokens=1000)
    chat = ChatPage(page, serve_page(backend))
    chat.ask(TEXT)
    for message in (chat.questions.first, chat.last_answer):
        seen = message.inner_text().replace("\u2060", "")
        assert "Use <b>tags</b>, <script>alert(1)</script> and List<String>; $5 and $6, but " in seen
        expect(message.locator(".katex")).to_have_count(1)
        expect(message.locator("pre code")).to_have_text("<b>code</b>\n")
    assert TEXT in backend.requests[0].prompt


def test_what_is_copied_has_no_marks(page: Page, serve_page: ServePage) -> None:
    page.add_init_script(CLIPBOARD)
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta("an <i>answer</i>"), END]])))
    chat.ask("a <b>")
    page.locator("#chat .message-buttons-right [aria-label='Copy message']").click()
    chat.last_answer.locator(".md").first.select_text()
    page.keyboard.press("ControlOrMeta+C")
    page.wait_for_function("window.copied.length === 2")
    assert [text.strip() for text in page.evaluate("window.copied")] == ["a <b>", "an <i>answer</i>"]


def test_an_answer_is_read_out_in_a_few_pieces(page: Page, serve_page: ServePage) -> None:
    words = [TextDelta(f"word{number} ") for number in range(100)]
    chat = ChatPage(page, serve_page(ScriptedBackend([[*words, END]])))
    expect(page.locator("#chat [role=log]")).to_have_attribute("aria-live", "off")
    page.evaluate(
        "() => { window.said = []; const region = document.querySelector('#announcer span');"
        " new MutationObserver(() => window.said.push(region.textContent))"
        ".observe(region, { childList: true, characterData: true, subtree: true }) }"
    )
    chat.ask("a")
    page.wait_for_function("window.said.join('').includes('word99')")
    said = page.evaluate("window.said")
    assert said[0] == "Answering…"
    assert "".join(said[1:]) == "".join(word.text for word in words)
    assert len(said) < 10


def test_three_dots_show_that_a_silent_model_is_at_work(page: Page, serve_page: ServePage) -> None:
    chat = ChatPage(page, serve_page(ScriptedBackend([[None]])))
    chat.send("a")
    expect(chat.answers).to_have_count(1)
    dots = "() => getComputedStyle(document.querySelector('#chat .bot'), '::after').animationName"
    page.wait_for_function(f"({dots})() === 'life'")
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(dots) == "none"
    page.locator("#stop").click()
    chat.wait_for_end()
    assert page.evaluate("() => getComputedStyle(document.querySelector('#chat .bot'), '::after').content") == "none"


def test_who_asks_before_the_conversation_is_back_adds_to_it(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    chat.settle()
    page.add_init_script(SLOW_STORAGE)
    page.reload()
    chat.box.fill("b")
    chat.box.press("Enter")
    expect(chat.questions).to_have_count(2)
    expect(chat.last_answer).to_contain_text("two")
    chat.wait_for_end()
    assert backend.requests[1].prompt == " [INST] a [/INST] one</s> [INST] b [/INST]"
    expect(chat.conversations).to_have_text(["a"])
