"""The deployment: its parts by themselves, and `serve --ray` with direct ingress as a whole, on a real Ray."""

from __future__ import annotations

import asyncio
import importlib
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from model_server.deployment import (
    Ingress,
    ModelServer,
    build,
    load_configuration,
    serve_with_ray,
)
from model_server.engine.engine import Engine, EngineState
from model_server.errors import ConfigurationError, ModelFailed
from model_server.replica import Loading
from model_server.serve_configuration import DEFAULT_FILE, IMPORT_PATH
from model_server.settings import ServerSettings
from tests.model_server.endless import SLOTS, STREAM, complete, environment, leave, write_endless_checkpoint
from tests.model_server.servers import free_port, running_server, wait_until_ready


def replica(engine: object, loading: Loading) -> ModelServer:
    server = ModelServer()
    server.app = Starlette()
    server.app.state.engine = engine
    server.app.state.loading = loading
    return server


async def test_a_replica_is_healthy_only_once_its_model_is_loaded() -> None:
    engine = SimpleNamespace(state=EngineState.LOADING)
    asked = asyncio.ensure_future(replica(engine, Loading()).check_health())
    done, _ = await asyncio.wait([asked], timeout=0.2)
    assert not done
    engine.state = EngineState.READY
    await asyncio.wait_for(asked, 30)


async def test_a_replica_whose_model_cannot_be_loaded_says_why(settings: ServerSettings, tmp_path: Path) -> None:
    loading = Loading()
    engine = Engine(ServerSettings(model_dir=tmp_path), loading)
    engine.start()
    with pytest.raises(ModelFailed, match=r"The model could not be loaded: .*config\.json"):
        await asyncio.wait_for(replica(engine, loading).check_health(), 60)
    await engine.stop()


def test_a_cluster_can_import_what_the_configuration_names() -> None:
    module, _, name = IMPORT_PATH.partition(":")
    assert getattr(importlib.import_module(module), name) is build


def test_settings_come_from_the_environment_and_not_from_args() -> None:
    assert build({}) is not None
    with pytest.raises(ConfigurationError, match="must be empty"):
        build({"SLOTS": "4"})


def test_direct_ingress_refuses_a_second_replica_before_ray_starts(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(DEFAULT_FILE.read_text("utf-8").replace("min_replicas: 1", "min_replicas: 2"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"asks for 2 replicas.*Add --ingress proxy"):
        serve_with_ray(load_configuration(path), Ingress.DIRECT, "127.0.0.1", 8000)


def test_a_ray_that_does_not_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**options: object) -> None:
        raise RuntimeError("Traceback of many lines\nValueError: there is no room in /dev/shm")

    monkeypatch.setattr("model_server.deployment.ray.init", fail)
    monkeypatch.setattr("model_server.deployment._environment", lambda ingress, port: {})
    with pytest.raises(ConfigurationError, match=r"^Ray could not start: there is no room in /dev/shm$"):
        serve_with_ray(load_configuration(DEFAULT_FILE), Ingress.DIRECT, "127.0.0.1", 8000)


@pytest.mark.ray
def test_direct_ingress_serves_frees_slots_and_ends_quietly(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    directory = tmp_path / "a path with spaces"
    directory.mkdir()
    settings = environment(write_endless_checkpoint(tmp_path / "endless"))
    with running_server("serve", "--ray", "--port", str(port), environment=settings, directory=directory) as process:
        wait_until_ready(url, process)
        with httpx.Client(base_url=url, timeout=60) as http:
            with http.stream("POST", "/v1/completions", json={**STREAM, "max_tokens": 50}) as response:
                lines = [line for line in response.iter_lines() if line]
            assert lines[-1] == "data: [DONE]"
            assert len(lines) > 2
            check_that_clients_who_go_away_free_their_slots(http)
            with http.stream("POST", "/v1/completions", json=STREAM) as response:
                last = end(process, response)
        assert '"code":"server_stopping"' in last
        assert process.wait(timeout=60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def check_that_clients_who_go_away_free_their_slots(http: httpx.Client) -> None:
    """Nobody waits for a slot here, and a stream that goes on unread takes half a minute."""
    before = time.monotonic()
    for _ in range(SLOTS):
        leave(http)
    complete(http)
    assert time.monotonic() - before < 20


def end(process: subprocess.Popen[str], response: httpx.Response) -> str:
    """Stop the server as soon as the stream has begun; return the stream's last line."""
    lines = response.iter_lines()
    next(lines)
    process.send_signal(signal.SIGTERM)
    return [line for line in lines if line][-1]


@pytest.mark.ray
def test_a_model_that_cannot_be_loaded_is_one_clear_line(checkpoint_dir: Path, tmp_path: Path) -> None:
    broken = write_endless_checkpoint(tmp_path / "broken")
    (broken / "tokenizer.json").write_text("{", "utf-8")
    arguments = ["serve", "--ray", "--port", str(free_port())]
    with running_server(*arguments, environment={"MODEL_DIR": str(broken)}) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    assert "Ray could not start a replica. The model could not be loaded: " in line
    assert "tokenizer.json" in line
