"""Stop, with a real boto3, a real engine and one slot: who goes away has freed it at once."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.sagemaker.local.endpoint_table import EndpointTable
from model_server.sagemaker.local.in_thread import in_thread
from model_server.sagemaker.local.server import LocalSageMaker
from model_server.settings import ServerSettings
from tests.model_server.endless import write_endless_checkpoint
from tests.model_server.engines import wait_until
from tests.model_server.sagemaker.local.clients import client, stream

SOON_SECONDS = 0.1
TRIES = 5
ENDLESS = {"inputs": "the quick brown fox", "parameters": {"max_new_tokens": 30_000}, "stream": True}
SHORT = {**ENDLESS, "parameters": {"max_new_tokens": 3}}


@asynccontextmanager
async def serve(application: FastAPI) -> AsyncIterator[LocalSageMaker]:
    async with application.router.lifespan_context(application):
        engine: Engine = application.state.engine
        await wait_until(lambda: engine.state is EngineState.READY)
        async with LocalSageMaker(application, EndpointTable("endless", 32_000).endpoints()) as local:
            yield local


@pytest.fixture
def application(tmp_path: Path) -> FastAPI:
    return build_application(
        ServerSettings(model_dir=write_endless_checkpoint(tmp_path), slots=1, queue_limit=0, torch_threads=1)
    )


@pytest.fixture
def local(application: FastAPI) -> Iterator[LocalSageMaker]:
    with in_thread(lambda: serve(application)) as local:
        yield local


def test_a_closed_body_frees_the_slot_within_a_tenth_of_a_second(local: LocalSageMaker, application: FastAPI) -> None:
    runtime = client("sagemaker-runtime", local.url)
    engine: Engine = application.state.engine
    durations_seconds = []
    for number in range(TRIES):
        name = ("tgi-1-1", "lmi-17-async")[number % 2]
        response = runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=json.dumps(ENDLESS))
        next(iter(response["Body"]))
        assert engine.stream_count == 1
        closed_seconds = time.monotonic()
        response["Body"].close()
        broken_off_seconds = local.log.wait_until_broken_off(number + 1)
        assert engine.stream_count == 0
        durations_seconds.append(broken_off_seconds - closed_seconds)
        answer = stream(runtime, name, SHORT)  # 429 where the slot is not free
        assert b"error" not in answer.content
        assert answer.error is None
    assert min(durations_seconds) < SOON_SECONDS
