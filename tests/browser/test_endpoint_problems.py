"""What the page says and does where endpoints cannot be listed, do not answer, or have hostile names."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from app.backends.endpoints import Endpoint
from app.endpoint_errors import (
    AwsAccessDenied,
    AwsCredentialsMissing,
    AwsRegionMissing,
    ContainerFailed,
)
from app.errors import BackendError
from app.generation import TextDelta
from tests.app.fakes import ScriptedBackend, ScriptedCatalog
from tests.browser.chat_page import ChatPage
from tests.browser.endpoint_choices import FIRST, HOSTILE, ServeChoices, answering, choices

pytestmark = pytest.mark.browser


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
