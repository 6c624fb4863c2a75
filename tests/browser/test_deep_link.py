"""Links that open the page with a message written. None of them sends."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.app.fakes import ScriptedCatalog
from tests.browser.chat_page import ChatPage
from tests.browser.endpoint_choices import FIRST, SECOND, ServeChoices, answering, choices

pytestmark = pytest.mark.browser


def linked(url: str, **parameters: str) -> str:
    return f"{url}/?{urlencode(parameters)}"


def test_a_link_fills_in_and_selects_and_sends_nothing(page: Page, serve_choices: ServeChoices) -> None:
    backend = answering("two")
    url = serve_choices(*choices(ScriptedCatalog([(FIRST, SECOND)], {SECOND.name: backend})))
    prompt = 'a & b "<img src=x onerror=alert(1)>"\nc'
    chat = ChatPage(page, linked(url, backend="sagemaker", endpoint=SECOND.name, prompt=prompt, system="Be kind."))
    expect(chat.box).to_have_value(prompt)
    expect(chat.backend("SageMaker").locator("input")).to_be_checked()
    expect(chat.endpoint).to_have_value(SECOND.label)
    expect(page.locator("#system-prompt textarea")).to_have_value("Be kind.")
    expect(page.locator("#link-notice")).to_contain_text("the message and the system prompt. Nothing was sent")
    expect(chat.questions).to_have_count(0)
    assert backend.requests == []
    chat.box.press("Enter")
    expect(chat.questions).to_have_count(1)
    chat.wait_for_end()
    assert backend.requests[0].messages[-1].content.endswith(prompt)


def test_a_link_begins_a_chat_and_a_reload_keeps_it(page: Page, serve_choices: ServeChoices) -> None:
    url = serve_choices(*choices(ScriptedCatalog([(FIRST,)]), answering("one")))
    ChatPage(page, url).ask("earlier")
    expect(page.locator("#conversations .row")).to_have_count(1)
    chat = ChatPage(page, linked(url, prompt="later", other="stays"))
    expect(chat.box).to_have_value("later")
    expect(chat.questions).to_have_count(0)
    assert page.url == f"{url}/?other=stays"
    chat.box.press("Enter")
    expect(chat.questions).to_have_count(1)
    chat.wait_for_end()
    expect(chat.questions).to_have_count(1)
    expect(page.locator("#conversations .row")).to_have_count(2)
    page.reload()
    expect(chat.questions).to_have_count(1)
    expect(chat.box).to_have_value("")


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"backend": "no-such"}, "a model that cannot be chosen"),
        ({"backend": "sagemaker", "endpoint": "no-such"}, "an endpoint that is not offered"),
    ],
)
def test_what_is_not_offered_is_said(
    page: Page, serve_choices: Callable[..., str], parameters: dict[str, str], sentence: str
) -> None:
    ChatPage(page, linked(serve_choices(*choices(ScriptedCatalog([(FIRST,)]))), **parameters))
    notice = page.locator("#link-notice")
    expect(notice).to_contain_text(sentence)
    notice.get_by_role("button").click()
    expect(notice).to_have_count(0)
