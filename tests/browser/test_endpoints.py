"""The line of the sidebar that has endpoints behind it, in a real browser, over scripted catalogs."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from app.backends.catalog import BackendChoice
from app.backends.endpoints import Endpoint
from app.backends.unconfigured import UnconfiguredBackend
from app.endpoint_errors import (
    AwsAccessDenied,
    AwsCredentialsMissing,
    AwsRegionMissing,
    ContainerFailed,
    EndpointNotChosen,
)
from app.errors import BackendError
from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.app.fakes import ScriptedBackend, ScriptedCatalog
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import wait_until

pytestmark = pytest.mark.browser

ServeChoices = Callable[..., str]
END = Finished(FinishReason.STOP, Usage(3, 2))
FIRST = Endpoint("first", "first · Mistral-7B-Instruct · InService")
SECOND = Endpoint("second/part", "second/part · zephyr · InService")
REFUSED = Endpoint("third", "third", "It is being made. Wait until it is in service.")
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}{{value}}$$x^2$$`*[a](javascript:alert(3))"


def answering(text: str, model_id: str = "mistral-instruct") -> ScriptedBackend:
    return ScriptedBackend([[TextDelta(text), END]] * 5, window_tokens=1000, model_id=model_id)


def choices(catalog: ScriptedCatalog, backend: ScriptedBackend | None = None) -> tuple[BackendChoice, ...]:
    return (
        BackendChoice("Built-in model", backend or answering("built-in"), is_demonstration=True),
        BackendChoice("SageMaker", UnconfiguredBackend(EndpointNotChosen), endpoints=catalog),
    )


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


@pytest.mark.parametrize("error", [AwsCredentialsMissing("x"), AwsRegionMissing("x")])
def test_without_credentials_or_region_the_line_cannot_be_chosen_and_says_what_to_do(
    page: Page, serve_choices: ServeChoices, error: BackendError
) -> None:
    chat = ChatPage(page, serve_choices(*choices(ScriptedCatalog([error]))))
    line = chat.backend("SageMaker").locator("input")
    expect(page.locator("#unusable")).to_have_text(f"SageMaker cannot be chosen yet. {error.user_message}")
    expect(line).to_be_disabled()
    expect(line).to_have_accessible_description(f"SageMaker cannot be chosen yet. {error.user_message}")

    chat.backend("SageMaker").click(force=True)
    chat.backend("Built-in model").locator("input").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(line).not_to_be_checked()
    assert "Built-in model" in chat.ask("a")

    line.evaluate("line => { line.disabled = false }")  # as Gradio does when it draws the line anew
    expect(line).to_be_disabled()


def test_a_list_that_may_not_be_read_is_said_and_can_be_asked_for_again(
    page: Page, serve_choices: ServeChoices
) -> None:
    denied = AwsAccessDenied("secret detail", "sagemaker:ListEndpoints")
    catalog = ScriptedCatalog([denied, (FIRST,)], {"first": answering("one")})
    chat = ChatPage(page, serve_choices(*choices(catalog)))
    chat.backend("SageMaker").click()
    expect(chat.status).to_contain_text("may not do sagemaker:ListEndpoints")
    expect(page.locator("#unusable")).to_be_hidden()
    chat.box.fill("a")
    chat.box.press("Enter")
    expect(chat.notice).to_have_text("Choose an endpoint in the sidebar first. Nothing was sent.")
    expect(chat.questions).to_have_count(0)
    expect(chat.box).to_have_value("a")

    page.get_by_role("button", name="Refresh endpoints").click()
    expect(chat.endpoint).to_have_value(FIRST.label)
    expect(chat.status).to_contain_text("is ready")
    assert catalog.asked_fresh == [False, True]
    assert "SageMaker · first" in chat.ask("a")
    expect(chat.notice).to_be_hidden()
    assert "secret" not in page.content()


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
    expect(chat.endpoint).to_have_value(SECOND.label)
    assert "SageMaker · second/part" in chat.ask("a")


def test_a_refresh_that_fails_leaves_what_is_chosen(page: Page, serve_choices: ServeChoices) -> None:
    denied = AwsAccessDenied("x", "sagemaker:ListEndpoints")
    chat = ChatPage(page, serve_choices(*choices(ScriptedCatalog([(FIRST,), denied], {"first": answering("one")}))))
    chat.backend("SageMaker").click()
    expect(chat.status).to_contain_text("is ready")
    page.locator("#refresh-endpoints").click()
    expect(chat.status).to_contain_text("may not do sagemaker:ListEndpoints")
    expect(chat.endpoint).to_have_value(FIRST.label)
    assert "SageMaker · first" in chat.ask("a")


def test_a_list_that_never_comes_stops_nothing_else(page: Page, serve_choices: ServeChoices) -> None:
    chat = ChatPage(page, serve_choices(*choices(ScriptedCatalog([None]))))
    assert "built-in" in chat.ask("a")
    chat.backend("SageMaker").click()
    expect(chat.status).to_have_text("Looking for endpoints…")
    chat.backend("Built-in model").click()
    expect(chat.status).to_contain_text("is ready")
    assert "built-in" in chat.ask("b")


def test_an_endpoint_that_fails_is_said_and_the_chat_goes_on_elsewhere(page: Page, serve_choices: ServeChoices) -> None:
    failing = ScriptedBackend([[TextDelta("so far"), ContainerFailed("secret detail")]], window_tokens=1000)
    catalog = ScriptedCatalog([(FIRST,)], {"first": failing})
    chat = ChatPage(page, serve_choices(*choices(catalog)))
    chat.backend("SageMaker").click()
    expect(chat.status).to_contain_text("is ready")
    answer = chat.ask("a")
    assert "so far" in answer
    assert "container reported an error" in answer
    chat.backend("Built-in model").click()
    assert "built-in" in chat.ask("b")
    assert "secret" not in page.content()


def test_hostile_names_are_text(page: Page, serve_choices: ServeChoices) -> None:
    dialogs: list[Dialog] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    page.on("dialog", note)
    offered = Endpoint(HOSTILE, f"{HOSTILE} · label")
    refused = Endpoint(f"{HOSTILE}2", "", f"{HOSTILE} reason")
    catalog = ScriptedCatalog([(offered, refused)], {HOSTILE: answering("one", model_id=HOSTILE)})
    chat = ChatPage(page, serve_choices(*choices(catalog)))
    chat.backend("SageMaker").click()
    expect(chat.endpoint).to_have_value(offered.label)
    chat.endpoint.click()
    expect(page.get_by_role("option")).to_contain_text(offered.label)
    page.keyboard.press("Escape")
    page.locator("#refused summary").click()
    expect(page.locator("#refused li")).to_have_text(f"{refused.name} {refused.reason}")
    expect(chat.status).to_contain_text("imgsrcxonerroralert1")
    assert "SageMaker · imgsrcxonerroralert1alert2value" in chat.ask("a")
    assert page.locator("#sidebar img, #sidebar .katex, #chat .bot img, #chat .bot a, #sidebar a").count() == 0
    assert dialogs == []


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
