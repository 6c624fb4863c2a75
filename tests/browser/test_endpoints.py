"""The line of the sidebar that has endpoints behind it, in a real browser, over scripted catalogs."""

import pytest
from playwright.sync_api import Page, expect

from app.generation import TextDelta
from tests.app.fakes import ScriptedBackend, ScriptedCatalog
from tests.browser.chat_page import ChatPage
from tests.browser.endpoint_choices import FIRST, REFUSED, SECOND, ServeChoices, answering, choices
from tests.browser.product import wait_until

pytestmark = pytest.mark.browser


def test_endpoints_are_listed_and_the_first_answers(page: Page, serve_choices: ServeChoices) -> None:
    catalog = ScriptedCatalog([(FIRST, SECOND, REFUSED)], {"first": answering("one"), "second/part": answering("two")})
    chat = ChatPage(page, serve_choices(*choices(catalog)))
    expect(chat.status).to_contain_text("is ready")
    expect(page.locator("#demonstration")).to_be_visible()
    expect(page.locator("#endpoint")).to_be_hidden()
    expect(page.locator("#refused")).to_be_hidden()

    chat.backend("SageMaker").click()
    expect(chat.endpoint).to_have_value(FIRST.label)
    expect(chat.status).to_contain_text("mistral-instruct is ready; its window has 1,000 tokens.")
    expect(page.locator("#demonstration")).to_be_hidden()
    assert "SageMaker · first" in chat.ask("a")

    page.locator("#refused summary", has_text="1 endpoint is not offered").click()
    expect(page.locator("#refused li")).to_have_text(f"{REFUSED.name} {REFUSED.reason}")

    chat.backend("Built-in model").click()
    expect(page.locator("#endpoint")).to_be_hidden()
    expect(page.locator("#demonstration")).to_be_visible()


def test_the_list_is_searched_by_typing(page: Page, serve_choices: ServeChoices) -> None:
    catalog = ScriptedCatalog([(FIRST, SECOND)], {"first": answering("one"), "second/part": answering("two", "zephyr")})
    chat = ChatPage(page, serve_choices(*choices(catalog)))
    chat.backend("SageMaker").click()
    expect(chat.endpoint).to_have_value(FIRST.label)
    chat.endpoint.click()
    chat.endpoint.press("ControlOrMeta+A")
    chat.endpoint.press_sequentially("zeph")
    expect(page.get_by_role("option")).to_have_count(1)
    chat.endpoint.press("Enter")
    expect(chat.status).to_contain_text("zephyr is ready")
    expect(chat.status).to_contain_text("Mistral’s format is used")
    assert "SageMaker · second/part" in chat.ask("a")


def test_a_chat_goes_on_with_its_history_on_whatever_is_chosen(page: Page, serve_choices: ServeChoices) -> None:
    built_in, first, second = answering("zero"), answering("one"), answering("two")
    catalog = ScriptedCatalog([(FIRST, SECOND)], {"first": first, "second/part": second})
    chat = ChatPage(page, serve_choices(*choices(catalog, built_in)))
    assert "Built-in model" in chat.ask("a")
    chat.backend("SageMaker").click()
    assert "SageMaker · first" in chat.ask("b")
    chat.choose_endpoint("second")
    assert "SageMaker · second/part" in chat.ask("c")
    chat.backend("Built-in model").click()
    chat.ask("d")
    expect(chat.answers).to_have_count(4)
    history = " [INST] a [/INST] zero</s> [INST] b [/INST]"
    assert first.requests[0].prompt == history
    assert second.requests[0].prompt == f"{history} one</s> [INST] c [/INST]"
    assert built_in.requests[1].prompt == f"{history} one</s> [INST] c [/INST] two</s> [INST] d [/INST]"
    sessions = {request.session_id for backend in (built_in, first, second) for request in backend.requests}
    assert len(sessions) == 1


def test_an_answer_under_way_is_not_disturbed_by_a_switch(page: Page, serve_choices: ServeChoices) -> None:
    built_in = ScriptedBackend([[TextDelta("so far"), None]], window_tokens=1000)
    chat = ChatPage(page, serve_choices(*choices(ScriptedCatalog([(FIRST,)], {"first": answering("one")}), built_in)))
    chat.send("a")
    expect(chat.last_answer).to_contain_text("so far")
    chat.backend("SageMaker").click()
    expect(chat.status).to_contain_text("is ready")
    assert built_in.open_streams == 1
    expect(page.locator("#stop")).to_be_visible()
    page.locator("#stop").click()
    chat.wait_for_end()
    assert "SageMaker · first" in chat.ask("b")


def test_a_refresh_brings_what_is_new_and_keeps_what_is_chosen(page: Page, serve_choices: ServeChoices) -> None:
    backends = {"first": answering("one"), "second/part": answering("two")}
    catalog = ScriptedCatalog([(FIRST,), (SECOND, FIRST), (SECOND,)], {**backends})
    chat = ChatPage(page, serve_choices(*choices(catalog)))
    chat.backend("SageMaker").click()
    expect(chat.endpoint).to_have_value(FIRST.label)
    page.locator("#refresh-endpoints").click()
    wait_until(lambda: len(catalog.asked_fresh) == 2, seconds=20)
    expect(chat.status).to_contain_text("is ready")
    expect(chat.endpoint).to_have_value(FIRST.label)
    page.locator("#refresh-endpoints").click()
    expect(chat.endpoint).to_have_value("")
    expect(chat.status).to_have_text("Choose an endpoint.")


def test_each_browser_session_has_its_own_choice(page: Page, serve_choices: ServeChoices) -> None:
    url = serve_choices(*choices(ScriptedCatalog([(FIRST,)], {"first": answering("one")})))
    chat = ChatPage(page, url)
    chat.backend("SageMaker").click()
    expect(chat.endpoint).to_have_value(FIRST.label)
    assert page.context.browser is not None
    with page.context.browser.new_context() as context:
        other = ChatPage(context.new_page(), url)
        assert "Built-in model" in other.ask("a")
    assert "SageMaker · first" in chat.ask("a")


def test_on_a_phone_endpoints_are_chosen_in_the_sidebar(page: Page, serve_choices: ServeChoices) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    chat = ChatPage(page, serve_choices(*choices(ScriptedCatalog([(FIRST,)], {"first": answering("one")}))))
    expect(page.locator("#sidebar")).not_to_contain_class("open")
    page.locator("#sidebar .toggle-button").click()
    chat.backend("SageMaker").click()
    expect(chat.endpoint).to_have_value(FIRST.label)
    page.locator("#sidebar .toggle-button").click()
    assert "SageMaker · first" in chat.ask("a")
