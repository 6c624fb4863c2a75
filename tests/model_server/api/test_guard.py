from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from model_server.api.application import build_application
from model_server.api.guard import MAXIMUM_BODY_BYTES
from model_server.settings import ServerSettings
from tests.wire_files import wire_bytes


@pytest.fixture
def guarded(settings: ServerSettings) -> FastAPI:
    """An application with a key, its model never loaded: what is refused here is refused before that matters."""
    return build_application(ServerSettings("tiny", settings.model_dir, api_key="s3cret"))


@pytest.fixture
async def stranger(guarded: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://server") as client:
        yield client


@pytest.mark.parametrize("header", [None, "Bearer wrong", "s3cret", "Basic s3cret", "Bearer  s3cret", "Bearer süß"])
async def test_without_the_key_nothing_is_answered(stranger: httpx.AsyncClient, header: str | None) -> None:
    headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
    response = await stranger.get("/v1/models", headers=headers)
    assert response.status_code == 401
    assert response.content == wire_bytes("error_401_invalid_api_key.json")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_key_opens(stranger: httpx.AsyncClient, scheme: str) -> None:
    response = await stranger.get("/v1/models", headers={"authorization": f"{scheme} s3cret"})
    assert response.json()["error"]["code"] == "model_loading"


async def test_probes_need_no_key(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/healthz")).status_code == 200
    assert (await stranger.get("/readyz")).status_code == 503


async def test_a_body_above_the_limit_is_refused_by_its_declared_length(stranger: httpx.AsyncClient) -> None:
    headers = {"authorization": "Bearer s3cret", "content-length": str(MAXIMUM_BODY_BYTES + 1)}
    response = await stranger.post("/v1/completions", content=b"{", headers=headers)
    assert response.status_code == 413
    assert response.content == wire_bytes("error_413_request_too_large.json")


async def test_a_body_of_undeclared_length_is_not_read_to_its_end(stranger: httpx.AsyncClient) -> None:
    sent_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent_bytes
        while sent_bytes < 10 * MAXIMUM_BODY_BYTES:
            sent_bytes += 1024 * 1024
            yield b"x" * 1024 * 1024

    headers = {"authorization": "Bearer s3cret", "content-type": "application/json"}
    response = await stranger.post("/v1/completions", content=endless(), headers=headers)
    assert response.status_code == 413
    assert sent_bytes <= MAXIMUM_BODY_BYTES + 2 * 1024 * 1024
