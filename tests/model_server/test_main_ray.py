"""`serve --ray` up to the moment where Ray would start."""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path

import pytest

from model_server.__main__ import main


@pytest.fixture(autouse=True)
def checkpoint(monkeypatch: pytest.MonkeyPatch, checkpoint_dir: Path) -> None:
    monkeypatch.setenv("MODEL_DIR", str(checkpoint_dir))


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_the_configuration_can_be_checked_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert main(["serve", "--ray", "--check-config"]) == 0
    assert "serve.yaml can be served." in caplog.text


def test_a_wrong_configuration_is_one_clear_line_before_ray_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("application: []", "utf-8")
    assert main(["serve", "--ray", "--config", str(path)]) == 1
    assert last_line(capsys) == f"model_server: {path}: application: there is no such key; did you mean applications?"


def test_a_taken_port_is_one_clear_line_before_ray_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["serve", "--ray", "--port", str(other.getsockname()[1])]) == 1
    assert "choose another port with --port" in last_line(capsys)


def test_without_ray_installed_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "model_server.deployment", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["serve", "--ray"]) == 1
    line = last_line(capsys)
    assert "--ray needs Ray Serve" in line
    assert "requirements.txt" in line


@pytest.mark.parametrize("option", [["--ingress", "proxy"], ["--config", "serve.yaml"], ["--check-config"]])
def test_options_of_ray_without_ray_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", *option])
    assert "add --ray" in capsys.readouterr().err
