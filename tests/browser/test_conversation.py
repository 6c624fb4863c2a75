"""The whole product in a real browser: page, model server and built-in model, as `make run` starts them."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.browser

NAME = "Zorvelle"


def test_a_conversation_over_two_turns_with_stop_and_no_other_host(page: Page, built_in_page: str) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    chat = ChatPage(page, built_in_page)
    expect(chat.status).to_contain_text("twinstream-demo", timeout=30_000)
    expect(page.locator("#demonstration")).to_contain_text("demonstration model")
    chat.set_slider("temperature", 0)

    chat.ask(f"My name is {NAME}.")
    assert NAME in chat.ask("What is my name?")  # answerable only from the turn before

    chat.send("Count from 1 to 100")
    expect(chat.answers).to_have_count(3)
    expect(chat.last_answer).to_contain_text(re.compile(r"\d"))
    page.locator("#stop").click()
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("Stopped.")
    assert re.search(r"\d", chat.last_answer.inner_text())
    assert NAME in chat.ask("What is my name?")

    assert hosts - {""} == {urlsplit(built_in_page).netloc}


def test_a_conversation_of_thirty_turns_is_trimmed_and_goes_on(page: Page, built_in_page: str) -> None:
    chat = ChatPage(page, built_in_page)
    chat.set_slider("temperature", 0)
    questions = ["What is the capital of France?", "Tell me a joke.", "What can you do?"]
    answers = [chat.ask(questions[turn % 3]) for turn in range(30)]
    assert all("tokens in" in answer for answer in answers)  # every one came to its end
    assert "left out" not in answers[0]
    assert "left out" in answers[-1]


def test_a_megabyte_is_refused_and_the_chat_goes_on(page: Page, built_in_page: str) -> None:
    chat = ChatPage(page, built_in_page)
    chat.box.evaluate(
        "box => { box.value = 'x '.repeat(500000); box.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    page.locator("#send").click()
    expect(chat.notice).to_contain_text("1,000,000 characters")
    assert "tokens in" in chat.ask("Hello!")
