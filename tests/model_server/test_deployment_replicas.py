"""Two replicas behind Ray's own proxy: a chat finds its cache again, and the end reaches both."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import yaml

from model_server.serve_configuration import DEFAULT_FILE
from tests.model_server.endless import (
    PATIENCE_SECONDS,
    SLOTS,
    STREAM,
    complete,
    environment,
    leave,
    write_endless_checkpoint,
)
from tests.model_server.servers import free_port, running_server, wait_until_ready

pytestmark = pytest.mark.ray

CHATS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The product's own configuration, with two replicas from the beginning."""
    directory = tmp_path_factory.mktemp("two-replicas")
    document = yaml.safe_load(DEFAULT_FILE.read_text("utf-8"))
    deployment = document["applications"][0]["deployments"][0]
    del deployment["autoscaling_config"]
    deployment["num_replicas"] = 2
    configuration = directory / "serve.yaml"
    configuration.write_text(yaml.safe_dump(document), "utf-8")
    port = free_port()
    arguments = ["serve", "--ray", "--ingress", "proxy", "--config", str(configuration), "--port", str(port)]
    settings = environment(write_endless_checkpoint(directory / "endless"))
    with running_server(*arguments, environment=settings) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process)
        wait_until_both_answer(url)
        yield process, url
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


def wait_until_both_answer(url: str) -> None:
    """The server is ready with its first replica; when the second comes, half of the chats move to it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with httpx.Client(base_url=url, timeout=60) as client:
        seen: set[str] = set()
        while len(seen) < 2:
            assert time.monotonic() < deadline, "the second replica never answered"
            seen.add(complete(client).headers["x-replica-id"])


@pytest.fixture
def http(server: tuple[subprocess.Popen[str], str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server[1], timeout=60) as client:
        yield client


def test_a_chat_finds_its_cache_again(http: httpx.Client) -> None:
    """Three turns of each chat, all on one replica, from the second on with the turns before in its cache."""
    homes = set()
    for chat in range(CHATS):
        headers = {"X-Session-Id": f"chat-{chat}"}  # in whatever case
        prompt = f"{chat} is how this conversation begins, and it goes on like this"
        replicas = set()
        known_tokens = 0
        for _ in range(3):
            response = complete(http, headers, prompt=prompt)
            replicas.add(response.headers["x-replica-id"])
            usage = response.json()["usage"]
            assert usage["prompt_tokens_details"]["cached_tokens"] >= known_tokens
            known_tokens = usage["prompt_tokens"] - 1  # at the seam two tokens may become one
            prompt += " and again how are you today?"
        assert len(replicas) == 1
        homes |= replicas
    assert len(homes) == 2


def test_without_a_session_both_replicas_answer(http: httpx.Client) -> None:
    assert len({complete(http).headers["x-replica-id"] for _ in range(CHATS)}) == 2


def test_a_response_names_its_request_once_and_each_replica_has_its_metrics(http: httpx.Client) -> None:
    """Ray's proxy returns the header too: a client that reads it twice joined would find neither."""
    assert complete(http, {"x-request-id": "mine-1"}).headers.get_list("x-request-id") == ["mine-1"]
    assert len(complete(http).headers.get_list("x-request-id")) == 1
    response = http.get("/metrics")
    assert "twinstream_requests_total" in response.text
    assert response.headers["x-replica-id"]


def test_clients_that_go_away_free_their_slots_behind_the_proxy(http: httpx.Client) -> None:
    """All on one replica, where nobody waits; a stream that goes on unread takes half a minute."""
    headers = {"x-session-id": "one and the same"}
    before = time.monotonic()
    for _ in range(SLOTS):
        leave(http, headers)
    complete(http, headers)
    assert time.monotonic() - before < 20


def test_a_signal_ends_the_streams_of_every_replica_with_an_error(
    server: tuple[subprocess.Popen[str], str], http: httpx.Client
) -> None:
    """The last test here: it ends the server."""
    process, _ = server
    with ExitStack() as streams:
        responses: dict[str, httpx.Response] = {}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(responses) < 2 and time.monotonic() < deadline:
            stream = http.stream("POST", "/v1/completions", json=STREAM)
            with ExitStack() as attempt:
                response = attempt.enter_context(stream)
                if response.status_code == 200 and response.headers["x-replica-id"] not in responses:
                    responses[response.headers["x-replica-id"]] = response
                    streams.push(attempt.pop_all())
        lines = [response.iter_lines() for response in responses.values()]
        assert len(lines) == 2
        for of_one in lines:
            next(of_one)
        process.send_signal(signal.SIGTERM)
        for of_one in lines:
            assert '"code":"server_stopping"' in [line for line in of_one if line][-1]
    assert process.wait(timeout=60) == 0
