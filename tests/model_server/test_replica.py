"""What one replica among several has beside its application; Ray itself is in test_deployment."""

from __future__ import annotations

import logging
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from model_server.api.application import build_application
from model_server.engine.engine import Engine
from model_server.replica import Loading, ReplicaHeader, serve_own_metrics
from model_server.settings import ServerSettings
from tests.model_server.servers import free_port


async def test_each_response_names_its_replica() -> None:
    application = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))])
    transport = httpx.ASGITransport(ReplicaHeader(application, "abc"))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        assert (await client.get("/")).headers["x-replica-id"] == "abc"


def test_the_queue_limit_may_be_set_before_the_model_is_loaded(settings: ServerSettings) -> None:
    loading = Loading()
    loading.limit_queue(3)
    assert loading(settings).scheduler.queue_limit == 3


def test_the_queue_limit_of_a_loaded_model_changes_in_place(settings: ServerSettings) -> None:
    loading = Loading()
    scheduler = loading(settings).scheduler
    assert scheduler.queue_limit == settings.queue_limit
    loading.limit_queue(None)
    assert scheduler.queue_limit == settings.queue_limit
    loading.limit_queue(0)
    assert scheduler.queue_limit == 0


def test_a_replica_answers_metrics_at_a_port_of_its_own() -> None:
    settings = ServerSettings(metrics_port=free_port())
    serve_own_metrics(build_application(settings, Engine(settings)), settings)
    answer = httpx.get(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=30)
    assert 'twinstream_engine_state{state="loading"} 1.0' in answer.text
    assert "twinstream_requests_waiting 0.0" in answer.text


def test_a_metrics_port_that_is_taken_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104  as the replica would
        settings = ServerSettings(metrics_port=taken.getsockname()[1])
        with caplog.at_level(logging.WARNING, "model_server"):
            serve_own_metrics(build_application(settings, Engine(settings)), settings)
    assert f"METRICS_PORT {settings.metrics_port} cannot be used" in caplog.text
