"""`python -m tests.browser.screenshot` makes assets/screenshot.png anew: one chat, over both backends."""

from playwright.sync_api import Page, expect, sync_playwright

from app.ui.starters import STARTERS
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import launch
from tests.browser.product import PROJECT, running_local_sagemaker, running_page

PATH = PROJECT / "assets" / "screenshot.png"


def main() -> None:
    with (
        running_local_sagemaker() as variables,
        running_page(**variables) as url,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 860}, device_scale_factor=1.5)
        _talk(page, url)
        page.screenshot(path=PATH)


def _talk(page: Page, url: str) -> None:
    chat = ChatPage(page, url)
    expect(chat.status).to_contain_text("is ready")
    chat.set_slider("temperature", 0)
    page.locator("#sampling > button").click()
    chat.ask("My name is Maren.")
    chat.ask(STARTERS["Get a shell command, explained"])
    chat.backend("SageMaker").click()
    expect(chat.status).to_contain_text("is ready")
    chat.ask("What is my name?")
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()
