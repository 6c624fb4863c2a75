"""A local SageMaker with every endpoint, a scripted model behind it, on a loop in its own thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from model_server.sagemaker.local.endpoint_table import EndpointTable
from model_server.sagemaker.local.in_thread import in_thread
from model_server.sagemaker.local.server import LocalSageMaker
from tests.model_server.sagemaker.local.scripted_model import ScriptedModel


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def local(model: ScriptedModel) -> Iterator[LocalSageMaker]:
    table = EndpointTable("twinstream-demo", 1024)
    endpoints = (*table.endpoints(), *table.faults())
    with in_thread(lambda: LocalSageMaker(model, endpoints, slow_seconds=0.2)) as local:
        yield local
