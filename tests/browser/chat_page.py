"""What a person does on the page and sees there, for the browser tests."""

from contextlib import suppress

from playwright.sync_api import Locator, Page, expect


class ChatPage:
    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        self.box = page.locator("#message textarea")
        expect(self.box).to_be_visible()

    @property
    def answers(self) -> Locator:
        return self.page.locator("#chat .bot")

    @property
    def questions(self) -> Locator:
        return self.page.locator("#chat .user-row")

    @property
    def last_answer(self) -> Locator:
        return self.answers.last

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")

    @property
    def status(self) -> Locator:
        return self.page.locator("#model-status")

    @property
    def endpoint(self) -> Locator:
        return self.page.locator("#endpoint input")

    def backend(self, label: str) -> Locator:
        return self.page.locator("#backend label", has_text=label)

    def choose_endpoint(self, name: str) -> None:
        self.endpoint.click()
        self.page.get_by_role("option", name=name).click()

    def send(self, text: str) -> None:
        """Enter, and the question is on the page."""
        before = self.questions.count()
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.questions).to_have_count(before + 1)

    def wait_for_end(self) -> None:
        expect(self.page.locator("#send")).to_be_visible(timeout=60_000)
        expect(self.page.locator("#stop")).to_be_hidden()

    def ask(self, text: str) -> str:
        """The whole answer with its footer."""
        before = self.answers.count()
        self.send(text)
        self.wait_for_end()
        expect(self.answers).to_have_count(before + 1)
        return self.last_answer.inner_text()

    def set_slider(self, name: str, value: float) -> None:
        """Type the value, again where the page was not ready for it: what is folded away is built as it opens."""
        box = self.page.locator(f"#{name} input[type=number]")
        handle = self.page.locator(f"#{name} input[type=range]")
        if not box.is_visible():
            self.page.locator("#sampling > button").click()
        for _ in range(10):
            box.fill(str(value))
            box.press("Tab")
            with suppress(AssertionError):
                expect(handle).to_have_value(str(value), timeout=2_000)
                return
        raise AssertionError(f"{name} does not take {value}")
