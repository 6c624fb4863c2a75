"""Fixtures of the model server's tests: a tiny random checkpoint, and engines and clients on it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import torch
from fastapi import FastAPI

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.tokenizer import Tokenizer
from model_server.engine.tokenizer_files import read_tokenizer_files
from model_server.settings import ServerSettings
from tests.model_server.checkpoints import write_checkpoint
from tests.model_server.engines import wait_until
from tests.model_server.executors.neuron_library import INSTALLED
from tests.model_server.fakes import CountingExecutor
from tests.model_server.servers import serving


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread() -> None:
    """Two threads that wait for each other on a busy machine would make the tests slow, not their subject."""
    torch.set_num_threads(1)


@pytest.fixture
def neuron_library(monkeypatch: pytest.MonkeyPatch, no_neuron_library: None) -> None:
    """A stand-in for transformers-neuronx, as if it were installed."""
    monkeypatch.syspath_prepend(str(INSTALLED))


@pytest.fixture
def no_neuron_library() -> Iterator[None]:
    """Whatever is imported under the library's name is forgotten afterwards."""
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers_neuronx"]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def checkpoint_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="session")
def settings(checkpoint_dir: Path) -> ServerSettings:
    return ServerSettings(model_id="tiny", model_dir=checkpoint_dir, slots=4, torch_threads=1)


@pytest.fixture(scope="session")
def tokenizer(checkpoint_dir: Path) -> Tokenizer:
    return Tokenizer(read_tokenizer_files(checkpoint_dir), 300)


@pytest.fixture
def executor() -> CountingExecutor:
    return CountingExecutor(extends_prefix=True)


@pytest.fixture
def load_counting(tokenizer: Tokenizer, executor: CountingExecutor) -> Callable[[ServerSettings], LoadedModel]:
    return lambda settings: LoadedModel(
        tokenizer, executor, Scheduler(executor, sample, frozenset({2}), queue_limit=settings.queue_limit)
    )


@pytest.fixture
async def engine(
    settings: ServerSettings, executor: CountingExecutor, load_counting: Callable[[ServerSettings], LoadedModel]
) -> AsyncIterator[Engine]:
    """An engine whose model counts: after token t comes t + 1."""
    engine = Engine(settings, load_counting)
    engine.start()
    await wait_until(lambda: engine.state is EngineState.READY)
    yield engine
    executor.is_gated = False
    executor.gate.release(1000)
    await engine.stop()


@pytest.fixture
def counting(settings: ServerSettings, engine: Engine) -> FastAPI:
    """The whole application on the engine that counts."""
    return build_application(settings, engine)


@pytest.fixture
async def url(counting: FastAPI) -> AsyncIterator[str]:
    """The address of the counting application behind a real uvicorn."""
    async with serving(counting) as address:
        yield address


@pytest.fixture
async def application(settings: ServerSettings) -> AsyncIterator[FastAPI]:
    """The whole application on the random checkpoint, its model loaded."""
    application = build_application(settings)
    async with application.router.lifespan_context(application):
        await wait_until(lambda: application.state.engine.state is EngineState.READY)
        yield application


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client
