"""A real Chromium, and pages to open in it."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.backends.base import Backend
from app.backends.catalog import BackendChoice
from app.server import build_server
from tests.browser.chromium import find

expect.set_options(timeout=20_000)  # a busy machine is no reason to fail

PROJECT = Path(__file__).resolve().parents[2]
# Chromium's own calls home would be refused here, many at a time.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with this folder: while Playwright runs, no other event loop can run in this thread."""
    path = find()
    if path is None:
        pytest.fail("No Chromium: `make test` gets one, or set CHROMIUM to the path of yours.", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
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
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
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
    """The address of the whole product: `python -m app` with the built-in model, as `make run` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "app"], cwd=PROJECT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_up(f"{url}/readyz"), seconds=60)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def is_up(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Polls what another process or thread does; fails with the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} seconds"
        time.sleep(0.02)
