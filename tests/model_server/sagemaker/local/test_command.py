"""`python -m model_server.sagemaker local` as people start it: the built-in model behind every endpoint."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.model_server.sagemaker.local.clients import CHAT, PROMPT, client, stream
from tests.model_server.servers import PROJECT

LINE = "AWS_ENDPOINT_URL={} AWS_REGION=us-west-2 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local make run\n"
COMPONENTS = {"components": "component-lmi-17", "scaled-to-zero": "component-asleep"}
REFUSED = {"serverless", "scaled-to-zero", "being-created", "failed", "no-chat"}


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "model_server.sagemaker", "local", *arguments],
        cwd=PROJECT,
        env={**os.environ, "TORCH_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_the_built_in_model_answers_in_every_dialect_until_a_signal() -> None:
    with running("--port", "0", API_KEY="a key for another door") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split()[0].removeprefix("AWS_ENDPOINT_URL=")
        assert line == LINE.format(url)
        assert "is ready" in process.stdout.readline()
        runtime = client("sagemaker-runtime", url)
        listed = client("sagemaker", url).list_endpoints(MaxResults=100)["Endpoints"]
        assert len(listed) > 15
        for name in (endpoint["EndpointName"] for endpoint in listed):
            component = {"InferenceComponentName": COMPONENTS[name]} if name in COMPONENTS else {}
            is_chat = "messages" in name or name == "vllm"
            streamed = stream(runtime, name, CHAT if is_chat else PROMPT, **component)
            assert (streamed.error is not None) == (name in REFUSED), (name, streamed.error)
            assert (len(streamed.content) > 100) == (name not in REFUSED), name
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "", "")


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, running("--port", str(taken.getsockname()[1])) as process:
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("model_server.sagemaker: The server cannot listen on 127.0.0.1:")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["nothing"]])
def test_a_command_that_is_not_there_is_told_the_usage(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "model_server.sagemaker", *arguments]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert "usage: python -m model_server.sagemaker" in ended.stderr
