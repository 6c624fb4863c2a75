"""The whole bench once, on a tiny model: real server, real clients, real tables; and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_server.bench.__main__ import main
from model_server.bench.errors import BenchError
from model_server.bench.processes import descendants, end, running
from model_server.bench.targets import LIMIT, LLAMA, TRANSFORMERS, UVICORN, Workload, build_target


def test_a_quick_run_measures_the_server_and_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLAMA_SERVER", str(tmp_path / "no-such-binary"))
    targets = f"{LIMIT},{UVICORN},{LLAMA}"
    assert main(["--quick", "--streams", "2", "--targets", targets, "--output", str(tmp_path)]) == 0
    assert "Twinstream on uvicorn" in capsys.readouterr().out
    content = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert content["cells"].keys() == {LIMIT, UVICORN}
    cell = content["cells"][UVICORN]["2"][0]
    assert cell["tokens_per_second"] > 0
    assert 0 < cell["first_p50"] <= cell["first_p99"]
    assert "LLAMA_SERVER" in content["not measured"][LLAMA]
    for chat in content["chats"]["with reuse"]:
        assert [turn["prompt_tokens"] for turn in chat] == [61, 161]
        assert chat[1]["cached_tokens"] == 100  # all but the last token of the answer, and the new message
    for chat in content["chats"]["without reuse"]:
        assert [turn["cached_tokens"] for turn in chat[1:]] == [1]  # the begin token
    assert descendants(os.getpid())[1:] == []


def test_a_peer_that_is_not_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workload = Workload(tmp_path, 2, 64, "bfloat16")
    for name, sentence in ((TRANSFORMERS, "`make bench` sets it up"), (LLAMA, "LLAMA_SERVER does not name")):
        with pytest.raises(BenchError, match=sentence):
            build_target(name, workload, {})


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such model')"]
    with pytest.raises(BenchError, match="no such model"), running(command, {}, 1, "/", tmp_path / "log"):
        pass


def test_ending_a_server_ends_what_it_has_started_too() -> None:
    child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE); "
    code = child + "print('started', flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    family = descendants(process.pid)
    assert len(family) == 2
    end(process)
    assert process.poll() is not None
    process.communicate()
