"""Batched against alone, on a real forward pass in float32: company must not change an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest
import torch

from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.engine.request import GenerationRequest, SamplingParameters
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.tokenizer import Tokenizer
from model_server.executors.torch.executor import load_torch_executor
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint
from tests.model_server.engines import collect, wait_until


@pytest.fixture
def load_float32(tokenizer: Tokenizer) -> Callable[[ServerSettings], LoadedModel]:
    def load(settings: ServerSettings) -> LoadedModel:
        checkpoint = open_checkpoint(settings.model_dir)
        executor = load_torch_executor(checkpoint, settings.slots, 300, 1, number_format=torch.float32)
        return LoadedModel(tokenizer, executor, Scheduler(executor, sample, checkpoint.end_token_ids))

    return load


def random_requests(count: int, **sampling: object) -> list[GenerationRequest]:
    random = Random(5)
    return [
        GenerationRequest(
            tuple(random.randrange(3, 349) for _ in range(random.randint(2, 150))),
            SamplingParameters(max_tokens=random.randint(1, 60), seed=index, **sampling),  # type: ignore[arg-type]  # any
        )
        for index in range(count)
    ]


@pytest.mark.parametrize(
    "sampling", [{"temperature": 0}, {"temperature": 0.9, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.03}]
)
async def test_answers_in_a_batch_are_those_alone(
    sampling: dict[str, object], settings: ServerSettings, load_float32: Callable[[ServerSettings], LoadedModel]
) -> None:
    engine = Engine(settings, load_float32)
    engine.start()
    await wait_until(lambda: engine.state is EngineState.READY)
    requests = random_requests(24, **sampling)
    together = await asyncio.gather(*(collect(engine, request) for request in requests))
    alone = [await collect(engine, request) for request in requests]
    await engine.stop()
    assert together == alone
    assert len({text for text, _ in alone}) > 12
