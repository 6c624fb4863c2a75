"""What the command writes to standard error, as a person or a log collector sees it."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import httpx
import pytest

from model_server.__main__ import main
from model_server.http_server import bind
from tests.model_server.servers import running_server, wait_until_ready

PROMPT = {"prompt": "the quick brown fox", "max_tokens": 5}


def test_each_request_is_one_line_of_json_where_that_is_asked_for(checkpoint_dir: Path) -> None:
    environment = {"MODEL_DIR": str(checkpoint_dir), "LOG_FORMAT": "json"}
    with running_server("serve", "--port", "0", environment=environment) as process:
        assert process.stderr is not None
        found = re.search(r"http://[0-9.:]+", json.loads(process.stderr.readline())["message"])
        assert found is not None
        wait_until_ready(found[0], process)
        httpx.post(f"{found[0]}/v1/completions", json=PROMPT, headers={"x-request-id": "mine-1"}, timeout=30)
        process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in process.stderr]
    (line,) = [line for line in lines if line["message"] == "request" and line["route"] == "/v1/completions"]
    assert (line["request_id"], line["status"], line["level"]) == ("mine-1", 200, "INFO")


def test_a_server_that_another_program_started_stays_quiet(checkpoint_dir: Path) -> None:
    with bind("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        arguments = ["serve", "--fd", str(listener.fileno())]
        environment = {"MODEL_DIR": str(checkpoint_dir)}
        with running_server(*arguments, environment=environment, pass_fds=(listener.fileno(),)) as process:
            wait_until_ready(url, process)
            httpx.post(f"{url}/v1/completions", json=PROMPT, timeout=30)
            process.send_signal(signal.SIGTERM)
            assert process.communicate()[1] == ""


def test_a_format_that_is_not_known_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, checkpoint_dir: Path
) -> None:
    monkeypatch.setenv("MODEL_DIR", str(checkpoint_dir))
    monkeypatch.setenv("LOG_FORMAT", "xml")
    assert main(["serve", "--port", "0"]) == 1
    assert capsys.readouterr().err == "model_server: LOG_FORMAT is 'xml', but must be one of: text, json.\n"
