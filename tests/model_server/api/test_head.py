from __future__ import annotations

import httpx
import pytest

from model_server.engine.engine import Engine


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/ping", "/v1/models", "/v1/models/tiny", "/openapi.json"])
async def test_head_is_get_without_a_body(client: httpx.AsyncClient, path: str) -> None:
    client.headers["x-request-id"] = "mine-1"  # each request has an id of its own otherwise
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize("path", ["/infer?sentence=x", "/chat?prompt=x", "/v1/completions", "/invocations"])
async def test_head_makes_no_model_write(url: str, engine: Engine, path: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        response = await client.head(path)
    assert (response.status_code, response.content) == (405, b"")
    assert not engine.model.scheduler.has_work


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/v1/models", {"GET"}), ("OPTIONS", "/v1/completions", {"POST"}), ("GET", "/invocations", {"POST"})],
)
async def test_405_says_what_is_allowed(client: httpx.AsyncClient, method: str, path: str, allowed: set[str]) -> None:
    response = await client.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allowed


async def test_an_unknown_address_is_404(client: httpx.AsyncClient) -> None:
    assert (await client.head("/nowhere")).status_code == 404
