"""What the browser may refuse, and what `records.js` and `marks.js` make of a chat."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from app.backends.base import Backend
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.ui.conversation_list import SCRIPTS_PATH
from app.ui.marks import marked
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))
FULL = """
const put = IDBObjectStore.prototype.put;
window.isFull = true;
IDBObjectStore.prototype.put = function (...inputs) {
  if (window.isFull) throw new DOMException("no more", "QuotaExceededError");
  return put.apply(this, inputs);
};
"""
REFUSED = "Object.defineProperty(window, 'indexedDB', { get: () => ({ open: () => { throw new Error('no') } }) })"


@pytest.fixture
def call(page: Page, serve_page: ServePage) -> Callable[..., Any]:
    """`call(module, function, argument, …)` on the page."""
    ChatPage(page, serve_page(ScriptedBackend()))

    def in_browser(module: str, function: str, *arguments: Any) -> Any:
        script = "async ([path, name, inputs]) => (await import(path))[name](...inputs)"
        return page.evaluate(script, [f"{SCRIPTS_PATH}/{module}.js", function, arguments])

    return in_browser


def test_full_storage_is_said_and_the_chat_goes_on(page: Page, serve_page: ServePage) -> None:
    page.add_init_script(FULL)
    backend = ScriptedBackend([[TextDelta("one"), END], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.ask("a")
    status = page.locator("#conversations .status")
    expect(status).to_contain_text("The browser’s storage is full")
    expect(chat.conversations).to_have_count(0)
    page.evaluate("window.isFull = false")
    assert "two" in chat.ask("b")
    expect(chat.conversations).to_have_text(["a"])
    expect(status).to_be_hidden()


def test_a_browser_that_keeps_nothing_is_said_and_the_page_works(browser: Browser, serve_page: ServePage) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(REFUSED)
        backend = ScriptedBackend([[TextDelta("one"), END], [TextDelta("two"), END]])
        chat = ChatPage(page, serve_page(backend))
        expect(page.locator("#conversations .status")).to_contain_text("conversations end with this page")
        chat.ask("first")
        chat.new_chat()
        chat.ask("second")
        expect(chat.conversations).to_have_text(["second", "first"])
        chat.open("first")
        expect(chat.last_answer).to_contain_text("one")


def message(role: str, *texts: str, **metadata: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text} for text in texts], "metadata": metadata}


def test_a_chat_becomes_a_record_and_the_record_a_chat(call: Callable[..., Any]) -> None:
    chat = [message("user", "a\nb"), message("assistant", "one", "footer", id="x", status="done")]
    record = call("records", "withChat", call("records", "newRecord", 1), chat, 2)
    assert (record["title"], record["createdAt"], record["updatedAt"]) == ("a", 1, 2)
    assert record["messages"][1] == {
        "role": "assistant",
        "answers": [{"id": "x", "text": "one", "footer": "footer", "state": "whole"}],
        "shown": 0,
    }
    shown = call("records", "chatOf", record)
    assert [one["content"] for one in shown] == [one["content"] for one in chat]
    assert shown[1]["metadata"] == {"id": "x", "status": "done"}
    assert call("records", "withChat", record, shown, 3) == record  # opening is no change


def test_a_retry_is_recognised_whether_or_not_its_beginning_was_seen(call: Callable[..., Any]) -> None:
    question = message("user", "a")
    first, second = message("assistant", "one", "", id="x", status="done"), message("assistant", "two", "", id="y")
    record = call("records", "withChat", call("records", "newRecord", 1), [question, first], 2)
    held = call("records", "withChat", record, [question], 3)
    assert held["messages"] == record["messages"][:1]
    assert call("records", "restored", held)["messages"] == record["messages"]
    for before in (record, held):
        after = call("records", "withChat", before, [question, second], 4)
        assert [answer["text"] for answer in after["messages"][1]["answers"]] == ["one", "two"]
        assert after["messages"][1]["shown"] == 1
        assert after["held"] is None
    other = call("records", "withChat", record, [message("user", "b"), second], 5)
    assert [answer["text"] for answer in other["messages"][1]["answers"]] == ["two"]


def test_an_export_is_read_back_as_it_was_without_what_others_added(call: Callable[..., Any]) -> None:
    chat = [message("user", "a"), message("assistant", "one", "footer", id="x", status="done")]
    record = call("records", "withChat", call("records", "newRecord", 1), chat, 2)
    assert call("records", "parseExport", json.dumps(record)) == [record]
    assert call("records", "parseExport", json.dumps([{**record, "more": 1}, record])) == [record, record]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(st.sampled_from([*"<>$`~\n \t\u2060x5/!\\", "```", "<b", "$x$"]), max_size=30).map("".join))
def test_the_browser_marks_texts_as_the_server_does(call: Callable[..., Any], text: str) -> None:
    shown = call("marks", "marked", text)
    assert shown == marked(text)
    assert call("marks", "unmarked", shown) == text
