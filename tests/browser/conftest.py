"""A real Chromium, and pages to open in it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.backends.base import Backend
from app.backends.catalog import BackendChoice
from app.server import build_server
from tests.browser.chromium import find, launch
from tests.browser.product import running_page

expect.set_options(timeout=20_000)  # a busy machine is no reason to fail


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with this folder: while Playwright runs, no other event loop can run in this thread."""
    if find() is None:
        pytest.fail("No Chromium: `make test` gets one, or set CHROMIUM to the path of yours.", pytrace=False)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, serve_choices: Callable[..., str]) -> Iterator[Page]:
    """A page in a fresh profile, closed before its server. What it prints as an error fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@contextmanager
def serving(*choices: BackendChoice, port: int = 0) -> Iterator[str]:
    """The address of a page over those choices, in this process."""
    application = build_server(choices)
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(application, log_level="error", timeout_graceful_shutdown=1, access_log=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def serve_choices() -> Iterator[Callable[..., str]]:
    """`serve_choices(choice, …)` is the address of a page over those choices, until the test ends."""
    with ExitStack() as servers:
        yield lambda *choices: servers.enter_context(serving(*choices))


@pytest.fixture
def serve_page(serve_choices: Callable[..., str]) -> Callable[[Backend], str]:
    """`serve_page(backend)` is the address of a page over that backend alone."""
    return lambda backend: serve_choices(BackendChoice("Scripted", backend))


@pytest.fixture(scope="package")
def built_in_page() -> Iterator[str]:
    """The address of the whole product, in no AWS account."""
    with running_page() as url:
        yield url
