"""The backend on a local SageMaker: real boto3, real sockets, real event streams, and a model that plays a script."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from botocore.config import Config
from starlette.types import ASGIApp

from app.backends.sagemaker import aws
from app.backends.sagemaker.backend import SageMakerBackend
from app.backends.sagemaker.details import EndpointDetails
from app.generation import (
    ChatMessage,
    Finished,
    GenerationParameters,
    GenerationRequest,
    StreamEvent,
    TextDelta,
)
from app.wire.endpoint_request import RequestForm
from model_server.sagemaker.local.dialects.tgi import Tgi
from model_server.sagemaker.local.endpoints import Component, Container, Endpoint
from model_server.sagemaker.local.faults import Fault
from model_server.sagemaker.local.server import LocalSageMaker
from tests.model_server.sagemaker.local.scripted_model import ScriptedModel

PATIENCE_SECONDS = 30
REQUEST = GenerationRequest("[INST] hi [/INST]", (ChatMessage("user", "hi"),), GenerationParameters(), "session-1")
TGI = Container("huggingface-pytorch-tgi-inference:2.0.1-tgi1.1.0", {}, Tgi((1, 1)))
ENDPOINTS = (
    Endpoint("chat", TGI),
    Endpoint("serverless", TGI, is_serverless=True),
    Endpoint("components", components=(Component("awake", TGI), Component("asleep", TGI, copies=0))),
    Endpoint("creating", TGI, status="Creating"),
    *(Endpoint(fault.value, TGI, fault=fault) for fault in Fault),
)


@dataclass
class Locally:
    """The server, the clients that know it, and backends for its endpoints."""

    server: LocalSageMaker
    clients: aws.AwsClients
    remembered: list[RequestForm] = field(default_factory=list)

    def backend(
        self,
        name: str,
        component: str | None = None,
        *,
        form: RequestForm | None = RequestForm.INPUTS,
        can_stream: bool = True,
        status: str = "InService",
        accepts_eula: bool = False,
        model_id: str = "mistral",
    ) -> SageMakerBackend:
        details = EndpointDetails(name, component, status, form, model_id, 4096, 3000, can_stream)

        async def look_up() -> EndpointDetails:
            return details

        remember = self.remembered.append
        return SageMakerBackend(self.clients, name, component, look_up, remember, accepts_eula=accepts_eula)


@asynccontextmanager
async def locally(
    monkeypatch: pytest.MonkeyPatch,
    model: ASGIApp | None = None,
    *,
    read_timeout_seconds: float = 70,
    slow_seconds: float = 0.2,
) -> AsyncIterator[Locally]:
    patient = aws._RUNTIME.merge(Config(read_timeout=read_timeout_seconds))
    monkeypatch.setattr(aws, "_RUNTIME", patient)
    async with LocalSageMaker(model or ScriptedModel(), ENDPOINTS, slow_seconds=slow_seconds) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients = aws.AwsClients(None)
        try:
            yield Locally(server, clients)
        finally:
            await clients.aclose()


async def all_of(backend: SageMakerBackend, request: GenerationRequest = REQUEST) -> list[StreamEvent]:
    async with aclosing(backend.stream(request)) as events:
        return [event async for event in events]


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end_of(events: list[StreamEvent]) -> Finished:
    """The one end, which is the last event."""
    assert [isinstance(event, Finished) for event in events] == [False] * (len(events) - 1) + [True]
    last = events[-1]
    assert isinstance(last, Finished)
    return last
