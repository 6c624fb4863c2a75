"""The list in the sidebar: titles, search, deleting with a way back, files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from app.backends.base import Backend
from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage
from tests.browser.product import wait_until

pytestmark = pytest.mark.browser

ServePage = Callable[[Backend], str]
END = Finished(FinishReason.STOP, Usage(3, 2))
HOSTILE = "<img src=x onerror=alert(1)><b>${alert(2)}</b>"


def chat_with(page: Page, serve_page: ServePage, **turns: str) -> ChatPage:
    """A page with one conversation for each question."""
    backend = ScriptedBackend([[TextDelta(answer), END] for answer in (*turns.values(), "more", "still more")])
    chat = ChatPage(page, serve_page(backend))
    for number, question in enumerate(turns):
        if number:
            chat.new_chat()
        chat.ask(question)
    expect(chat.conversations).to_have_text(list(turns)[::-1])
    return chat


def seen(part: Locator) -> str:
    """As a person sees it: word joiners are invisible."""
    return part.inner_text().replace("\u2060", "")


def use(chat: ChatPage, title: str, button: str) -> None:
    chat.row(title).hover()
    chat.row(title).locator(f".{button}").click()


def test_a_title_of_ones_own_stays_and_an_empty_one_is_the_first_message(page: Page, serve_page: ServePage) -> None:
    chat = chat_with(page, serve_page, first="one")
    use(chat, "first", "rename")
    page.keyboard.type("mine")
    page.keyboard.press("Escape")
    expect(chat.conversations).to_have_text(["first"])
    use(chat, "first", "rename")
    page.keyboard.type(HOSTILE)
    page.keyboard.press("Enter")
    expect(chat.conversations).to_have_text([HOSTILE])
    chat.ask("second")
    chat.settle()
    page.reload()
    expect(chat.conversations).to_have_text([HOSTILE])
    use(chat, HOSTILE, "rename")
    page.keyboard.press("Backspace")
    page.locator("#message textarea").focus()
    expect(chat.conversations).to_have_text(["first"])


def test_a_hostile_first_message_is_a_title_of_text(page: Page, serve_page: ServePage) -> None:
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta("one"), END]], window_tokens=1000)))
    chat.ask(HOSTILE)
    expect(chat.conversations).to_have_text([HOSTILE])
    assert HOSTILE in seen(chat.questions)
    assert page.locator("#conversations img, #chat .user-row img").count() == 0


def test_search_looks_into_titles_questions_and_answers(page: Page, serve_page: ServePage) -> None:
    chat = chat_with(page, serve_page, apples="red", pears="Green")
    search = page.locator("#conversations input[type=search]")
    both = ["pears", "apples"]
    for query, found in {"APPLE": ["apples"], "green": ["pears"], "e": both, " ": both}.items():
        search.fill(query)
        expect(chat.conversations).to_have_text(found)
    search.fill("plums")
    expect(chat.conversations).to_have_count(0)
    expect(page.locator("#conversations .status")).to_have_text("Nothing was found.")
    search.fill("")
    expect(page.locator("#conversations .status")).to_be_hidden()


def test_a_deleted_conversation_is_gone_and_undo_brings_it_back(page: Page, serve_page: ServePage) -> None:
    chat = chat_with(page, serve_page, first="one", second="two")
    use(chat, "first", "delete")
    expect(chat.conversations).to_have_text(["second"])
    expect(chat.last_answer).to_contain_text("two")
    page.locator("#conversations .status button").click()
    expect(chat.conversations).to_have_text(["second", "first"])
    expect(chat.last_answer).to_contain_text("one")


def test_deleting_the_open_conversation_leaves_an_empty_page_also_in_mid_answer(
    page: Page, serve_page: ServePage
) -> None:
    backend = ScriptedBackend([[TextDelta("one"), None], [TextDelta("two"), END]])
    chat = ChatPage(page, serve_page(backend))
    chat.send("first")
    expect(chat.last_answer).to_contain_text("one")
    use(chat, "first", "delete")
    expect(chat.questions).to_have_count(0)
    expect(chat.conversations).to_have_count(0)
    wait_until(lambda: backend.open_streams == 0, seconds=30)
    chat.ask("second")
    expect(chat.conversations).to_have_text(["second"])


def exported(chat: ChatPage, kind: str) -> str:
    chat.page.locator("#export summary").click()
    with chat.page.expect_download() as download:
        chat.page.locator(f"#export-{kind}").click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def import_file(chat: ChatPage, text: str) -> None:
    with chat.page.expect_file_chooser() as chooser:
        chat.page.locator("#import").click()
    file = FilePayload(name="x.json", mimeType="application/json", buffer=text.encode())
    chooser.value.set_files(file)


def test_a_conversation_is_exported_as_markdown(page: Page, serve_page: ServePage) -> None:
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta("use <b>\n\n    x"), END]])))
    page.locator("#system-prompt textarea").fill("Be kind.")
    chat.ask("how?")
    text = exported(chat, "markdown")
    assert text.startswith("# how?\n\n> Be kind.\n\n## You\n\nhow?\n\n## Answer\n\nuse <b>\n\n    x\n\n*Scripted · ")


def test_a_conversation_survives_export_delete_and_import(page: Page, serve_page: ServePage) -> None:
    chat = chat_with(page, serve_page, first="one <b>")
    page.locator("#retry").click()
    expect(chat.last_answer).to_contain_text("more")
    chat.wait_for_end()
    text = exported(chat, "json")
    record = json.loads(text)
    assert [answer["text"] for answer in record["messages"][1]["answers"]] == ["one <b>", "more"]
    use(chat, "first", "delete")
    expect(chat.conversations).to_have_count(0)
    import_file(chat, text)
    expect(chat.conversations).to_have_text(["first"])
    expect(page.locator("#version-counter")).to_have_text("2/2")
    page.locator("#version-previous").click()
    expect(page.locator("#version-counter")).to_have_text("1/2")
    assert "one <b>" in seen(chat.last_answer)
    import_file(chat, text)
    expect(chat.conversations).to_have_text(["first", "first"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '{"format": "other"}',
        '{"format": "twinstream-conversation", "version": 1, "messages": [{"role": "assistant"}]}',
        '{"format": "twinstream-conversation", "version": 1, "messages": [{"role": "user", "text": 1}]}',
    ],
)
def test_a_file_that_is_no_export_is_refused_in_a_sentence(page: Page, serve_page: ServePage, text: str) -> None:
    chat = ChatPage(page, serve_page(ScriptedBackend([[TextDelta("one"), END]])))
    expect(chat.status).to_contain_text("is ready")
    import_file(chat, text)
    expect(page.locator("#conversations .status")).to_contain_text("exported here as JSON.")
    expect(chat.conversations).to_have_count(0)


def test_settings_in_a_file_that_the_page_cannot_take_are_left_as_they_are(page: Page, serve_page: ServePage) -> None:
    backend = ScriptedBackend([[TextDelta("one"), END]])
    chat = ChatPage(page, serve_page(backend))
    expect(chat.status).to_contain_text("is ready")
    settings = {"backend": "gone", "temperature": 99, "top-p": "x", "promptFormat": "?", "systemPrompt": HOSTILE}
    answer = {"text": "yes", "footer": HOSTILE}
    messages = [{"role": "user", "text": HOSTILE}, {"role": "assistant", "answers": [answer], "shown": 0}]
    record = {"format": "twinstream-conversation", "version": 1, "messages": messages, "settings": settings}
    import_file(chat, json.dumps({**record, "title": HOSTILE, "id": HOSTILE}))
    expect(chat.conversations).to_have_text([HOSTILE])
    expect(page.locator("#system-prompt textarea")).to_have_value(HOSTILE)
    assert "one" in chat.ask("a")
    assert (backend.requests[0].parameters.temperature, backend.requests[0].parameters.top_p) == (0.9, 0.6)
