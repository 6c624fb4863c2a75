"""The command as a person or a program starts it: a real process, a real socket, a real end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest

from model_server.__main__ import main
from model_server.http_server import bind
from tests.model_server.servers import running_server, wait_until_ready

LONG_CHAT = {"messages": [{"role": "user", "content": "hello"}], "stream": True, "temperature": 2}
PROMPT = {"prompt": "the quick brown fox", "temperature": 1.5, "max_tokens": 250, "stream": True}


@contextmanager
def ready_server(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on an inherited socket, as the app embeds it, and its address."""
    with bind("127.0.0.1", 0) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        arguments = ["serve", "--fd", str(listener.fileno())]
        with running_server(*arguments, environment=environment, pass_fds=(listener.fileno(),)) as process:
            wait_until_ready(address, process)
            yield process, address


@pytest.fixture(scope="module")
def url(checkpoint_dir: Path) -> Iterator[str]:
    environment = {"MODEL_DIR": str(checkpoint_dir), "MODEL_ID": "tiny", "SLOTS": "2", "API_KEY": "key"}
    with ready_server(environment) as (_, address):
        yield address


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0) as client:
        yield client


def test_the_openai_client_chats(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": "hello"}], max_tokens=5, temperature=0
    )
    assert answer.usage is not None
    assert 1 <= answer.usage.completion_tokens <= 5
    assert answer.choices[0].finish_reason in ("stop", "length")


def test_the_openai_client_streams(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model="tiny",
        messages=[{"role": "user", "content": "hello"}],
        max_tokens=20,
        seed=1,
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage is not None
    assert chunks[-2].choices[0].finish_reason in ("stop", "length")


def test_the_openai_client_raises_its_own_errors(client: openai.OpenAI, url: str) -> None:
    with pytest.raises(openai.NotFoundError) as not_found:
        client.completions.create(model="other", prompt="hello")
    assert not_found.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as too_long:
        client.completions.create(model="tiny", prompt="hello " * 200_000)
    assert too_long.value.code == "context_length_exceeded"
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_clients_that_go_away_free_their_slots(url: str) -> None:
    """Two slots, six streams: were a slot not freed, the last ones would wait for 250 tokens of the others."""
    headers = {"authorization": "Bearer key"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as http:
        for _ in range(6):
            with http.stream("POST", "/v1/completions", json=PROMPT) as response:
                assert next(response.iter_lines()).startswith("data: ")
        before = time.monotonic()
        assert http.post("/v1/completions", json={**PROMPT, "max_tokens": 1, "stream": False}).status_code == 200
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_open_streams_with_an_error_and_the_process_with_zero(
    number: signal.Signals, checkpoint_dir: Path
) -> None:
    with ready_server({"MODEL_DIR": str(checkpoint_dir)}) as (process, url):
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=LONG_CHAT, timeout=30) as response:
            lines = response.iter_lines()
            next(lines)
            process.send_signal(number)
            last = [line for line in lines if line][-1]
        assert process.wait(timeout=20) == 0
    assert last == "data: [DONE]" or '"code":"server_stopping"' in last


def test_ctrl_c_again_and_again_ends_it_as_quietly_as_once(checkpoint_dir: Path) -> None:
    with ready_server({"MODEL_DIR": str(checkpoint_dir)}) as (process, url):
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=LONG_CHAT, timeout=30) as response:
            lines = response.iter_lines()
            next(lines)
            for _ in range(3):
                process.send_signal(signal.SIGINT)
            list(lines)
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_it_ends_when_standard_input_does_even_while_it_loads(checkpoint_dir: Path) -> None:
    arguments = ["serve", "--port", "0", "--until-stdin-closes"]
    with running_server(*arguments, environment={"MODEL_DIR": str(checkpoint_dir)}) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_a_taken_port_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, checkpoint_dir: Path
) -> None:
    monkeypatch.setenv("MODEL_DIR", str(checkpoint_dir))
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["serve", "--port", str(other.getsockname()[1])]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "choose another port with --port" in line


@pytest.mark.parametrize("variable", ["SLOTS", "MODEL_DIR", "EXECUTOR", "MAX_MODEL_LENGTH"])
def test_a_bad_setting_is_one_clear_line(
    variable: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, checkpoint_dir: Path
) -> None:
    monkeypatch.setenv("MODEL_DIR", str(checkpoint_dir))
    monkeypatch.setenv(variable, "1000000")
    assert main(["serve", "--port", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"model_server: {variable} is ")


def test_a_descriptor_that_is_no_socket_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, checkpoint_dir: Path
) -> None:
    monkeypatch.setenv("MODEL_DIR", str(checkpoint_dir))
    assert main(["serve", "--fd", "999"]) == 1
    assert "--fd is 999" in capsys.readouterr().err
    assert main(["serve", "--fd", "-1"]) == 1
    assert "--fd is -1" in capsys.readouterr().err


def test_a_host_that_is_no_name_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "x" * 70]) == 1
    assert "cannot listen" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["model_server.__main__", "model_server.api.application"])
def test_neither_torch_nor_ray_is_imported_before_it_is_needed(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in ('torch', 'ray', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
