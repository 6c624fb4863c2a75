from __future__ import annotations

from collections.abc import Callable
from threading import Event

import httpx
import pytest

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.settings import ServerSettings
from tests.model_server.engines import wait_until
from tests.wire_files import wire_bytes

ROUTES = [("GET", "/readyz"), ("GET", "/v1/models"), ("POST", "/tokenize"), ("POST", "/v1/completions")]


async def test_it_answers_at_once_and_is_ready_when_the_model_is(
    settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel]
) -> None:
    may_load = Event()

    def load(settings: ServerSettings) -> LoadedModel:
        may_load.wait()
        return load_counting(settings)

    engine = Engine(settings, load)
    application = build_application(settings, engine)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://server")
    async with client, application.router.lifespan_context(application):
        assert (await client.get("/healthz")).status_code == 200
        for method, path in ROUTES:
            response = await client.request(method, path, json={"prompt": "hello"} if method == "POST" else None)
            assert (response.status_code, response.headers["retry-after"]) == (503, "1")
            assert response.content == wire_bytes("error_503_model_loading.json")
        may_load.set()
        await wait_until(lambda: engine.state is EngineState.READY)
        assert (await client.get("/readyz")).status_code == 200
    assert engine.state is EngineState.STOPPED


async def test_a_model_that_failed_is_no_reason_to_come_back(settings: ServerSettings) -> None:
    def fail(settings: ServerSettings) -> LoadedModel:
        raise RuntimeError("no such luck")

    engine = Engine(settings, fail)
    application = build_application(settings, engine)
    async with application.router.lifespan_context(application):
        await wait_until(lambda: engine.state is EngineState.FAILED)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://server") as client:
            response = await client.get("/readyz")
            assert (response.status_code, response.headers.get("retry-after")) == (503, None)
            assert response.content == wire_bytes("error_503_model_failed.json")
            assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_loads_scripts_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    assert "/v1/chat/completions" in (await client.get("/openapi.json")).json()["paths"]
