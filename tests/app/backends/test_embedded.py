"""The embedded model server, as a real subprocess."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from app.backends.embedded import EmbeddedServer, can_embed, start_embedded

START_SECONDS = 60


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedServer]:
    server = start_embedded()
    yield server
    server.stop()


def test_the_model_server_is_beside_the_page_here() -> None:
    assert can_embed()


def test_connections_wait_while_the_server_starts(embedded: EmbeddedServer) -> None:
    assert httpx.get(f"{embedded.url}/healthz", timeout=START_SECONDS).status_code == 200


def test_only_the_page_knows_the_key(embedded: EmbeddedServer) -> None:
    assert httpx.get(f"{embedded.url}/v1/models", timeout=START_SECONDS).status_code == 401
    assert embedded.api_key not in repr(embedded)


def test_stopping_ends_the_process() -> None:
    server = start_embedded()
    httpx.get(f"{server.url}/healthz", timeout=START_SECONDS)
    server.stop()
    assert server.process.returncode == 0


def test_the_server_ends_even_when_the_page_is_killed() -> None:
    """The page's place is taken by a process that starts the server, tells its number, and is killed."""
    program = (
        "import time; from app.backends.embedded import start_embedded; "
        "server = start_embedded(); print(server.process.pid, server.url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None
        pid, url = page.stdout.readline().split()
        httpx.get(f"{url}/healthz", timeout=START_SECONDS)
        page.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _is_alive(int(pid)):
        assert time.monotonic() < deadline, "the model server outlived the page"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
