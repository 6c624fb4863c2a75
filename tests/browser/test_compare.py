"""Two models side by side in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from app.errors import BackendFailed
from app.generation import TextDelta
from tests.app.fakes import ScriptedBackend
from tests.browser.comparison import END, ComparePage, HeldBackend, answering, choices
from tests.browser.endpoint_choices import ServeChoices
from tests.browser.product import wait_until

pytestmark = pytest.mark.browser


def test_a_fast_answer_is_not_held_by_a_slow_one(page: Page, serve_choices: ServeChoices) -> None:
    slow = HeldBackend([[TextDelta("slow"), END]], window_tokens=1000)
    chat = ComparePage(page, serve_choices(*choices(answering("fast"), slow)))
    chat.send("a")
    expect(chat.right_questions).to_have_count(1)
    expect(chat.last_answer).to_contain_text("2 out")
    expect(chat.figures("Left")).to_contain_text("complete")
    expect(chat.right_answers).to_contain_text("slow")
    expect(chat.right_answers).not_to_contain_text("2 out")
    expect(page.locator("#stop")).to_be_visible()
    expect(chat.figures("Right")).not_to_contain_text("complete")
    slow.is_held = False
    chat.wait_for_end()
    expect(chat.right_answers).to_contain_text("2 out")
    expect(chat.figures("Right")).to_contain_text("complete")


def test_one_stop_ends_both_and_keeps_what_came(page: Page, serve_choices: ServeChoices) -> None:
    left, right = (ScriptedBackend([[TextDelta("so far"), None]], window_tokens=1000) for _ in range(2))
    chat = ComparePage(page, serve_choices(*choices(left, right)))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    expect(chat.right_answers).to_contain_text("so far")
    page.locator("#stop").click()
    wait_until(lambda: left.open_streams == right.open_streams == 0, seconds=10)
    chat.wait_for_end()
    for answer in (chat.last_answer, chat.right_answers):
        expect(answer).to_contain_text("so far")
        expect(answer).to_contain_text("Stopped.")
    expect(chat.figures("Right")).to_contain_text("stopped")


def test_a_failure_in_one_leaves_the_other_alone(page: Page, serve_choices: ServeChoices) -> None:
    failing = ScriptedBackend([[TextDelta("so far"), BackendFailed("secret")], [TextDelta("again"), END]])
    chat = ComparePage(page, serve_choices(*choices(answering("one", "two"), failing)))
    assert "one" in chat.ask("a")
    expect(chat.right_answers).to_contain_text(BackendFailed("secret").user_message)
    expect(chat.right_answers).to_contain_text("so far")
    expect(chat.figures("Right")).to_contain_text("failed")
    assert "secret" not in page.content()
    assert "two" in chat.ask("b")
    expect(chat.right_answers.last).to_contain_text("again")


def test_a_message_that_is_too_long_for_one_is_answered_by_the_other(page: Page, serve_choices: ServeChoices) -> None:
    small = answering("small", window_tokens=40)
    chat = ComparePage(page, serve_choices(*choices(answering("one", "two"), small)))
    assert "one" in chat.ask("word " * 60)
    expect(chat.notice).to_contain_text("Right: This message is too long")
    expect(chat.right_questions).to_have_count(0)
    expect(chat.figures("Right")).to_contain_text("not sent")
    expect(chat.box).to_have_value("")
    assert "two" in chat.ask("b")
    expect(chat.right_answers).to_contain_text("small")
    assert small.requests[0].prompt == " [INST] b [/INST]"


def test_a_message_that_is_too_long_for_both_comes_back(page: Page, serve_choices: ServeChoices) -> None:
    small = [answering("one", window_tokens=40) for _ in range(2)]
    chat = ComparePage(page, serve_choices(*choices(small[0], small[1])))
    text = "word " * 60
    chat.box.fill(text)
    chat.box.press("Enter")
    expect(chat.notice).to_contain_text("Left: This message is too long")
    expect(chat.box).to_have_value(text)
    expect(chat.questions).to_have_count(0)
    expect(chat.right_questions).to_have_count(0)


def test_the_same_model_twice_answers_with_two_settings(page: Page, serve_choices: ServeChoices) -> None:
    model = answering("one", "two")
    chat = ComparePage(page, serve_choices(*choices(model, answering())))
    chat.choose_right("Ray Serve")
    page.locator("#settings-b > button").click()
    page.locator("#temperature-b input[type=number]").fill("0.25")
    page.locator("#temperature-b input[type=number]").press("Tab")
    expect(page.locator("#temperature-b input[type=range]")).to_have_value("0.25")
    page.locator("#system-prompt-b textarea").fill("Be kind.")
    chat.ask("a")
    left, right = sorted(model.requests, key=lambda request: -request.parameters.temperature)
    assert (left.parameters.temperature, right.parameters.temperature) == (0.9, 0.25)
    assert (left.prompt, right.prompt) == (" [INST] a [/INST]", " [INST] Be kind.\n\na [/INST]")
    assert left.session_id != right.session_id


def test_a_starter_goes_to_both(page: Page, serve_choices: ServeChoices) -> None:
    chat = ComparePage(page, serve_choices(*choices(answering("one"), answering("two"))))
    page.locator("#chat .example", has_text="passage").click()
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("one")
    expect(chat.right_answers).to_contain_text("two")


def test_a_new_chat_in_mid_answer_frees_both_and_goes_on_comparing(page: Page, serve_choices: ServeChoices) -> None:
    left, right = (
        ScriptedBackend([[TextDelta("so far"), None], [TextDelta("fresh"), END]], window_tokens=1000) for _ in range(2)
    )
    chat = ComparePage(page, serve_choices(*choices(left, right)))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    expect(chat.right_answers).to_contain_text("so far")
    page.locator("#new-chat").click()
    wait_until(lambda: left.open_streams == right.open_streams == 0, seconds=10)
    expect(chat.questions).to_have_count(0)
    expect(chat.right_questions).to_have_count(0)
    assert "fresh" in chat.ask("b")
    expect(chat.right_answers).to_contain_text("fresh")
    assert right.requests[1].prompt == " [INST] b [/INST]"


def test_closing_the_comparison_in_mid_answer_frees_the_right_model_alone(
    page: Page, serve_choices: ServeChoices
) -> None:
    left, right = (HeldBackend([[TextDelta("so far"), END]], window_tokens=1000) for _ in range(2))
    chat = ComparePage(page, serve_choices(*choices(left, right)))
    chat.send("a")
    expect(chat.right_answers).to_contain_text("so far")
    page.locator("#compare input").uncheck()
    expect(page.locator("#chat-b")).to_be_hidden()
    wait_until(lambda: right.open_streams == 0, seconds=10)
    expect(page.locator("#stop")).to_be_visible()
    left.is_held = False
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("2 out")
    assert left.open_streams == 0
