"""`space.py` as a Hugging Face Space starts it, and what the README tells the Space."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.browser.product import is_up, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("SOAK" not in os.environ, reason="beyond the ten minutes of `make test`: `make soak` runs it"),
]

PROJECT = Path(__file__).resolve().parents[2]
# https://huggingface.co/docs/hub/spaces-config-reference
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
SHORT_DESCRIPTION_LIMIT_CHARACTERS = 60


@pytest.fixture
def space() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "SYSTEM": "spaces", "SPACE_ID": "someone/twinstream", "GRADIO_SERVER_PORT": str(port)}
    environment.pop("GRADIO_SERVER_NAME", None)
    with subprocess.Popen([sys.executable, configuration()["app_file"]], cwd=PROJECT, env=environment) as process:
        try:
            wait_until(lambda: is_up(f"http://127.0.0.1:{port}/readyz"), seconds=120)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def configuration() -> dict[str, Any]:
    """The README's front matter."""
    _, front_matter, text = (PROJECT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert text.lstrip().startswith("# Twinstream")
    return dict(yaml.safe_load(front_matter))


def test_a_duplicated_space_is_open_to_all_and_answers_at_once(browser: Browser, space: str) -> None:
    if sys.platform == "linux":  # elsewhere this address has to be set up first
        assert is_up(space.replace("127.0.0.1", "127.0.0.2") + "/readyz")
    with browser.new_context() as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        chat = ChatPage(page, space)
        expect(chat.status).to_contain_text("is ready", timeout=60_000)
        assert "Built-in model" in chat.ask("Hello!")
        assert errors == []


def test_the_front_matter_is_what_spaces_accept() -> None:
    given = configuration()
    pins = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    assert given["sdk"] == "gradio"
    assert f"gradio=={given['sdk_version']}\n" in pins
    assert {given["colorFrom"], given["colorTo"]} <= COLOURS
    assert len(given["short_description"]) <= SHORT_DESCRIPTION_LIMIT_CHARACTERS
    assert re.fullmatch(r"3\.1[1-9]", given["python_version"])
    assert given["license"] == "apache-2.0"
    assert (PROJECT / given["app_file"]).is_file()
