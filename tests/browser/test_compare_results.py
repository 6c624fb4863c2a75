"""What is made of two answers: figures and cost, votes, going on with one; and how it looks on a phone."""

import json
import os
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.browser.comparison import ComparePage, HeldBackend, answering, choices
from tests.browser.endpoint_choices import ServeChoices
from tests.browser.product import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("SOAK" not in os.environ, reason="beyond the ten minutes of `make test`: `make soak` runs it"),
]


def test_going_on_with_the_right_one_takes_its_history_and_its_model(page: Page, serve_choices: ServeChoices) -> None:
    right = answering("from the right", "and on")
    chat = ComparePage(page, serve_choices(*choices(answering("from the left"), right)))
    chat.ask("a")
    page.locator("#continue-b").click()
    expect(page.locator("#chat-b")).to_be_hidden()
    expect(page.locator("#compare input")).not_to_be_checked()
    expect(chat.last_answer).to_contain_text("from the right")
    expect(chat.backend("Another").locator("input")).to_be_checked()
    assert "and on" in chat.ask("b")
    assert right.requests[1].prompt == " [INST] a [/INST] from the right</s> [INST] b [/INST]"


def test_going_on_with_the_left_one_closes_the_right_which_opens_with_a_copy(
    page: Page, serve_choices: ServeChoices
) -> None:
    right = answering("from the right", "and on")
    chat = ComparePage(page, serve_choices(*choices(answering("from the left", "more"), right)))
    chat.ask("a")
    page.locator("#continue-a").click()
    expect(page.locator("#chat-b")).to_be_hidden()
    expect(chat.last_answer).to_contain_text("from the left")
    chat.compare()
    expect(chat.right_answers).to_contain_text("from the left")
    chat.choose_right("Another")
    chat.ask("b")
    assert right.requests[1].prompt == " [INST] a [/INST] from the left</s> [INST] b [/INST]"


def test_votes_are_counted_once_for_each_pair_and_kept_in_the_browser(
    browser: Browser, serve_choices: ServeChoices
) -> None:
    url = serve_choices(*choices(answering("one", "two"), answering("three", "four")))
    with browser.new_context() as context:  # a reload cuts what is under way, which Gradio calls an error
        page = context.new_page()
        chat = ComparePage(page, url)
        expect(page.locator("#votes")).to_be_hidden()
        chat.ask("a")
        tally = page.locator("#tally .tally")
        page.locator("#vote-right").click()
        expect(tally).to_have_text("Left 0 · equal 0 · right 1")
        page.locator("#vote-left").click()
        expect(tally).to_have_text("Left 1 · equal 0 · right 0")
        expect(page.locator("#vote-left")).to_have_attribute("aria-pressed", "true")
        chat.ask("b")
        expect(page.locator("#vote-left")).to_have_attribute("aria-pressed", "false")
        page.locator("#vote-equal").click()
        expect(tally).to_have_text("Left 1 · equal 1 · right 0")
        chat.settle()
        page.reload()
        expect(chat.right_answers.last).to_contain_text("four")
        expect(chat.last_answer).to_contain_text("two")
        expect(page.locator("#compare input")).to_be_checked()
        expect(page.locator("#backend-b input")).to_have_value("Another")
        expect(tally).to_have_text("Left 1 · equal 1 · right 0")


def test_a_vote_is_in_the_export_and_is_sent_nowhere(page: Page, serve_choices: ServeChoices) -> None:
    chat = ComparePage(page, serve_choices(*choices(answering("one"), answering("two"))))
    chat.ask("a")
    bodies: list[str] = []
    page.on("request", lambda request: bodies.append(request.post_data or ""))
    page.locator("#vote-left").click()
    expect(page.locator("#tally .tally")).to_have_text("Left 1 · equal 0 · right 0")
    with page.expect_download() as download:
        page.locator("#export summary").click()
        page.locator("#export-json").click()
    record = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert [*record["comparison"]["votes"].values()] == [{"choice": "left", "left": "Ray Serve", "right": "Another"}]
    assert not any("vote" in body for body in bodies)


def test_the_cost_follows_the_price(page: Page, serve_choices: ServeChoices) -> None:
    left = HeldBackend([[TextDelta("one"), Finished(FinishReason.STOP, Usage(3, 50))]], window_tokens=1000)
    chat = ComparePage(page, serve_choices(*choices(left, answering("two"))))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("one")
    seen = time.monotonic()
    wait_until(lambda: time.monotonic() - seen > 0.2, seconds=5)  # a speed needs a time
    left.is_held = False
    chat.wait_for_end()

    page.locator("#prices > button").click()
    price, cost = page.locator("#price-left input"), chat.figures("Left").locator("td").last
    expect(price).to_have_value("1.9679")
    before = dollars(cost.inner_text())
    price.fill("19.679")
    expect(cost).not_to_have_text(f"{before:,.2f}")
    assert dollars(cost.inner_text()) == pytest.approx(10 * before, abs=0.1)

    page.locator("#instance-left input").click()
    page.locator("#instance-left input").fill("No price")
    page.locator("#instance-left input").press("Enter")
    expect(price).to_have_value("0")
    expect(cost).to_have_text("–")


def dollars(text: str) -> float:
    return float(text.replace(",", ""))


def test_on_a_phone_the_panes_stand_one_below_the_other_and_nothing_overflows(
    page: Page, serve_choices: ServeChoices
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    chat = ComparePage(page, serve_choices(*choices(answering("one " * 200), answering("two " * 200))))
    chat.ask("a")
    left, right = page.locator("#pane-a").bounding_box(), page.locator("#pane-b").bounding_box()
    assert left is not None
    assert right is not None
    assert right["y"] >= left["y"] + left["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
