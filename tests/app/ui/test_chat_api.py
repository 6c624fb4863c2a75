"""`/chat` as programs call it: with the real gradio_client, over a real port."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.access_setting import parse_access
from app.backends.catalog import BackendChoice
from app.backends.endpoints import Endpoint
from app.backends.unconfigured import UnconfiguredBackend
from app.errors import BackendFailed
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.server import build_server
from tests.app.fakes import ScriptedBackend, ScriptedCatalog
from tests.serving import serving

END = Finished(FinishReason.STOP, Usage(3, 2))
OFFERED = Endpoint("mine", "mine")


@pytest.fixture(scope="module")
def backend() -> ScriptedBackend:
    return ScriptedBackend(window_tokens=1000)


class CallFailed(Exception):
    pass


@dataclass
class Client:
    """`chat_client.py` in its process."""

    process: "subprocess.Popen[str]"

    def run(self, command: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"command": command, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise CallFailed(answer["error"])
        return answer["value"]

    def chat(self, message: object, **arguments: object) -> Any:
        return self.run("predict", message=message, **arguments)


@pytest.fixture(scope="module")
def url(backend: ScriptedBackend) -> Iterator[str]:
    catalog = ScriptedCatalog([(OFFERED, Endpoint("other", "other", "It cannot stream."))], {"mine": backend})
    choices = (
        BackendChoice("Scripted model", backend),
        BackendChoice("SageMaker", UnconfiguredBackend(), endpoints=catalog),
    )
    with serving(lambda: build_server(choices, parse_access("ann:pa:ss", None))) as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Client]:
    command = [sys.executable, "-m", "tests.app.ui.chat_client"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        client = Client(process)
        client.run("connect", url=url, auth=["ann", "pa:ss"])
        yield client
        process.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_the_only_function_and_says_what_it_takes(client: Client) -> None:
    described = client.run("describe")
    assert list(described["named_endpoints"]) == ["/chat"]
    assert described["unnamed_endpoints"] == {}
    names = [parameter["parameter_name"] for parameter in described["named_endpoints"]["/chat"]["parameters"]]
    assert names[:5] == ["message", "history", "system_prompt", "backend", "endpoint"]


def test_the_answer_streams_and_a_cancelled_one_frees_the_model(client: Client, backend: ScriptedBackend) -> None:
    backend.scripts = [[TextDelta("one"), None]]
    assert client.run("begin", message="a") == ["one", False]
    assert backend.open_streams == 1
    assert client.run("cancel")
    wait_until(lambda: backend.open_streams == 0)


def test_history_system_prompt_and_sampling_reach_the_model(client: Client, backend: ScriptedBackend) -> None:
    backend.scripts, backend.requests = [[TextDelta("one"), END], [TextDelta("two"), TextDelta(" 2"), END]], []
    first = client.chat("a")
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": first}]
    second = client.chat(
        "b",
        history=history,
        system_prompt="Be kind.",
        backend="scripted-model",
        temperature=0,
        max_tokens=7,
        seed=3,
        stop=["x"],
    )
    assert (first, second) == ("one", "two 2")
    request = backend.requests[1]
    assert request.prompt == " [INST] Be kind.\n\na [/INST] one</s> [INST] b [/INST]"
    parameters = request.parameters
    assert (parameters.temperature, parameters.max_tokens, parameters.seed, parameters.stop) == (0, 7, 3, ("x",))
    assert request.session_id == backend.requests[0].session_id


def test_an_endpoint_answers_only_where_the_page_offers_it(client: Client, backend: ScriptedBackend) -> None:
    backend.scripts = [[TextDelta("one"), END]]
    assert client.chat("a", backend="SageMaker", endpoint="mine") == "one"
    for name in ("other", "unlisted", ""):
        with pytest.raises(CallFailed, match="endpoint"):
            client.chat("a", backend="SageMaker", endpoint=name)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"message": "a", "backend": "none"}, "no such backend"),
        ({"message": "a", "temperature": 9}, "out of range"),
        ({"message": "a", "max_tokens": "many"}, "out of range"),
        ({"message": "a", "stop": 5}, "out of range"),
        ({"message": "  "}, "message"),
        ({"message": "x" * 200_001}, "200,000"),
        ({"message": "x " * 2000}, "too long"),
        ({"message": "a", "history": ["b"]}, "Message 1"),
        ({"message": "a", "history": {"b": 1}}, "Message 1"),
        ({"message": None}, "Message 1"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(
    client: Client, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CallFailed, match=sentence):
        client.chat(**arguments)


def test_a_failure_is_a_sentence_without_the_server_s_words(client: Client, backend: ScriptedBackend) -> None:
    backend.scripts = [[TextDelta("so far"), BackendFailed("secret")]]
    with pytest.raises(CallFailed) as error:
        client.chat("a")
    assert str(error.value) == f"AppError: {BackendFailed().user_message}"


def test_without_the_password_nobody_is_connected_and_with_it_by_either_way(client: Client, url: str) -> None:
    for arguments in ({"auth": ["ann", "wrong"]}, {}):
        with pytest.raises(CallFailed, match="AuthenticationError"):
            client.run("connect", url=url, **arguments)
    basic = "Basic YW5uOnBhOnNz"  # ann:pa:ss
    assert client.run("connect", url=url, headers={"Authorization": basic}) == "connected"
