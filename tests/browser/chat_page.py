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
    def conversations(self) -> Locator:
        """The titles in the sidebar."""
        return self.page.locator("#conversations .title")

    def row(self, title: str) -> Locator:
        return self.page.locator("#conversations .row", has_text=title)

    def open(self, title: str) -> None:
        self.row(title).locator(".title").click()
        expect(self.row(title).locator(".title")).to_have_attribute("aria-current", "true")

    def new_chat(self) -> None:
        self.page.locator("#new-chat").click()
        expect(self.questions).to_have_count(0)
        expect(self.page.locator("#conversations [aria-current]")).to_have_count(0)

    def edit(self, number: int, text: str) -> None:
        """The question of this number, from 0, in other words."""
        self.page.locator("#chat .message-buttons-right [aria-label=Edit]").nth(number).click()
        box = self.page.locator("#chat .user-row textarea, #chat .user-row [contenteditable=true]")
        box.fill(text)
        self.page.locator("#chat [aria-label=Submit]").click()

    def settle(self) -> None:
        """Whatever waited to be saved is saved."""
        self.page.evaluate("dispatchEvent(new Event('pagehide'))")
        self.page.evaluate(
            "() => new Promise((done) => { const open = indexedDB.open('twinstream', 1); open.onsuccess = () => {"
            " const all = open.result.transaction('conversations', 'readwrite').objectStore('conversations').getAll();"
            " all.onsuccess = () => { open.result.close(); done(all.result.length) } } })"
        )

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
        """By typing: in a long list, the line is in view only then."""
        self.endpoint.click()
        self.endpoint.press("ControlOrMeta+A")
        self.endpoint.press_sequentially(name)
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
