"""`python -m app` as a person starts and ends it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

PROJECT = Path(__file__).resolve().parents[2]


def start(**variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=PROJECT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_taken_port_is_one_line_that_names_the_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(GRADIO_SERVER_PORT=str(port))
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert len(errors.splitlines()) == 1
    assert "GRADIO_SERVER_PORT" in errors
    assert str(port) in errors


@pytest.mark.parametrize(("name", "value"), [("RAY_SERVE_URL", "localhost:8000"), ("GRADIO_SERVER_PORT", "abc")])
def test_a_wrong_setting_is_one_line_that_names_the_variable(name: str, value: str) -> None:
    process = start(**{name: value})
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(errors.splitlines()) == 1
    assert name in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_process_without_a_traceback(unused_tcp_port: int, number: signal.Signals) -> None:
    process = start(GRADIO_SERVER_PORT=str(unused_tcp_port))
    assert process.stdout is not None
    assert f":{unused_tcp_port}" in process.stdout.readline()
    assert httpx.get(f"http://127.0.0.1:{unused_tcp_port}/readyz", timeout=60).status_code == 200
    children = _children(process.pid)
    assert children  # the model server
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
    assert process.returncode == 0
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
