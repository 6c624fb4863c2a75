"""The whole engine with the Neuron executor over the stand-in for its library: what a replica on Inferentia runs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import httpx
import pytest
import torch

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel, load_model
from model_server.engine.request import GenerationRequest
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.tokenizer import Tokenizer
from model_server.errors import GenerationFailed, SelfTestFailed
from model_server.executors.neuron import NeuronExecutor
from model_server.executors.torch.executor import load_torch_executor
from model_server.http_server import bind
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint
from tests.model_server.engines import collect, greedy, wait_until
from tests.model_server.executors.neuron_library import INSTALLED
from tests.model_server.servers import PROJECT, running_server, wait_until_ready

# one thread for torch: two that wait for each other on a busy machine make a small model hundreds of times slower
ENVIRONMENT = {"EXECUTOR": "neuron", "PYTHONPATH": f"{PROJECT}:{INSTALLED}", "OMP_NUM_THREADS": "1"}

pytestmark = pytest.mark.usefixtures("neuron_library")


@pytest.fixture
def neuron_settings(settings: ServerSettings) -> ServerSettings:
    return replace(settings, executor="neuron")


def random_requests(count: int) -> list[GenerationRequest]:
    random = Random(11)
    return [
        greedy(tuple(random.randrange(3, 349) for _ in range(random.randint(2, 200))), random.randint(1, 60))
        for _ in range(count)
    ]


async def started(engine: Engine) -> Engine:
    engine.start()
    await wait_until(lambda: engine.state in (EngineState.READY, EngineState.FAILED))
    return engine


async def test_a_burst_of_random_requests_is_answered_as_by_torch_one_at_a_time(
    neuron_settings: ServerSettings, tokenizer: Tokenizer
) -> None:
    def load_torch(settings: ServerSettings) -> LoadedModel:
        checkpoint = open_checkpoint(settings.model_dir)
        executor = load_torch_executor(checkpoint, 1, 300, 1, number_format=torch.float32)
        return LoadedModel(tokenizer, executor, Scheduler(executor, sample, checkpoint.end_token_ids))

    requests = random_requests(60)
    engine = await started(Engine(neuron_settings))
    together = await asyncio.gather(*(collect(engine, request) for request in requests))
    assert isinstance(engine.model.executor, NeuronExecutor)
    assert engine.model.scheduler.free_slots == 4
    await engine.stop()
    engine = await started(Engine(neuron_settings, load_torch))
    alone = [await collect(engine, request) for request in requests]
    await engine.stop()
    assert [end.usage.cached_tokens for _, end in together] == [0] * len(requests)
    assert [(text, end.reason, end.usage.completion_tokens) for text, end in together] == [
        (text, end.reason, end.usage.completion_tokens) for text, end in alone
    ]
    assert len({text for text, _ in alone}) > 40


async def test_answers_go_on_after_a_call_to_the_device_has_failed(neuron_settings: ServerSettings) -> None:
    engine = await started(Engine(neuron_settings))
    request = greedy(tuple(range(5, 45)), 30)
    expected = await collect(engine, request)
    executor = engine.model.executor
    assert isinstance(executor, NeuronExecutor)
    model, calls = executor._model, 0

    def fails_once(*arguments: torch.Tensor, **named: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 10:
            raise StopIteration  # the worst that the library is known to raise
        return torch.as_tensor(model(*arguments, **named))

    executor._model = fails_once
    results = await asyncio.gather(*(collect(engine, request) for _ in range(6)), return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    assert 1 <= len(failed) <= 4
    assert all(isinstance(error, GenerationFailed) for error in failed)
    assert [result for result in results if not isinstance(result, BaseException)] == [expected] * (6 - len(failed))
    assert await collect(engine, request) == expected
    await engine.stop()


async def test_a_device_that_fails_its_test_takes_no_requests_and_readyz_says_why(
    neuron_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    decode = NeuronExecutor.decode
    monkeypatch.setattr(NeuronExecutor, "decode", lambda *arguments: decode(*arguments).flip(0))
    engine = Engine(neuron_settings)
    application = build_application(neuron_settings, engine)
    async with application.router.lifespan_context(application):
        await wait_until(lambda: engine.state is EngineState.FAILED)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://server") as client:
            answers = [await client.get("/readyz") for _ in range(2)]
            answers.append(await client.post("/v1/completions", json={"prompt": "hello"}))
            assert (await client.get("/healthz")).status_code == 200
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_failed")
        assert "alone in slot 0, but" in answer.json()["error"]["message"]
    assert "The self-test failed: token" in caplog.text


async def test_a_failure_that_is_told_many_times_does_not_grow(neuron_settings: ServerSettings) -> None:
    def fail(settings: ServerSettings) -> LoadedModel:
        raise SelfTestFailed("The self-test failed.")

    engine = await started(Engine(neuron_settings, fail))
    depths = []
    for _ in range(3):
        with pytest.raises(SelfTestFailed) as caught:
            engine.require_ready()
        depths.append(len(caught.traceback))
    assert depths[0] == depths[2]


def run_python(code: str, directory: Path) -> str:
    environment = {**ENVIRONMENT, "MODEL_DIR": str(directory)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout


LISTEN = """
import sys, threading
sys.addaudithook(lambda event, arguments: event == "import" and arguments[0] == "transformers_neuronx"
    and print("imported by", threading.current_thread().name))
from model_server import __main__
from model_server.api.application import build_application
from model_server.engine import engine, model, scheduler
from model_server.executors import base, load, neuron_artefacts, neuron_shape, self_test
from model_server.settings import load_settings
settings = load_settings()
application = build_application(settings)
print("built", "torch" in sys.modules)
"""
START = """
import asyncio
async def main():
    async with application.router.lifespan_context(application):
        while application.state.engine.state is engine.EngineState.LOADING:
            await asyncio.sleep(0.01)
        print(application.state.engine.state.value)
asyncio.run(main())
"""


def test_the_library_is_imported_by_the_thread_of_the_engine_and_not_before(checkpoint_dir: Path) -> None:
    """Ray names the cores to the replica's process; the library takes them when it is first used."""
    assert run_python(LISTEN + START, checkpoint_dir).splitlines() == ["built False", "imported by engine", "ready"]


def test_with_torch_it_is_never_imported(checkpoint_dir: Path) -> None:
    code = "import os; os.environ['EXECUTOR'] = 'torch'" + LISTEN + START
    assert run_python(code, checkpoint_dir).splitlines() == ["built False", "ready"]


def test_a_server_with_it_answers_over_http(checkpoint_dir: Path) -> None:
    environment = {**ENVIRONMENT, "MODEL_DIR": str(checkpoint_dir)}
    body = {"prompt": "the quick brown fox", "max_tokens": 5, "temperature": 0}
    with bind("127.0.0.1", 0) as listener:
        url, descriptor = f"http://127.0.0.1:{listener.getsockname()[1]}", listener.fileno()
        with running_server(
            "serve", "--fd", str(descriptor), environment=environment, pass_fds=(descriptor,)
        ) as process:
            wait_until_ready(url, process)
            answer = httpx.post(f"{url}/v1/completions", json=body, timeout=30).json()
    assert answer["usage"]["completion_tokens"] >= 1


def test_the_stock_load_takes_the_executor_from_the_settings(neuron_settings: ServerSettings) -> None:
    model = load_model(neuron_settings)
    assert isinstance(model.executor, NeuronExecutor)
    assert not model.executor.capabilities.extends_prefix
