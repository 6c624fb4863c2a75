"""Logging in and out, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.access_setting import parse_access
from app.backends.catalog import BackendChoice
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.server import build_server
from tests.app.fakes import ScriptedBackend
from tests.browser.chat_page import ChatPage
from tests.serving import serving

pytestmark = pytest.mark.browser

END = Finished(FinishReason.STOP, Usage(3, 2))


@pytest.fixture
def url() -> Iterator[str]:
    choice = BackendChoice("Scripted", ScriptedBackend([[TextDelta("one"), END]]))
    with serving(lambda: build_server((choice,), parse_access("ann:pa:ss", None))) as url:
        yield url


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_logs_in_chats_and_logs_out(page: Page, url: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{url}/?prompt=hello")
    expect(page).to_have_title("Log in · Twinstream")
    expect(page.get_by_label("Name")).to_be_focused()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(2, 6, 23)") is (scheme == "dark")
    log_in(page, "pa:ss")
    chat = ChatPage(page, page.url)
    assert "one" in chat.ask("a")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_title("Log in · Twinstream")
    page.goto(url)
    expect(page).to_have_title("Log in · Twinstream")


def test_a_link_survives_the_login(page: Page, url: str) -> None:
    page.goto(f"{url}/?prompt=a%20%26%20b")
    log_in(page, "pa:ss")
    expect(page.locator("#message textarea")).to_have_value("a & b")


def test_without_a_login_there_is_no_way_out(page: Page) -> None:
    with serving(lambda: build_server((BackendChoice("Scripted", ScriptedBackend()),))) as url:
        ChatPage(page, url)
        expect(page.locator("#logout")).to_have_count(0)
