"""Nothing is reached past the gate: every route of the mounted application is tried, Gradio's own included."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.types import Message

from app.access.gate import OPEN_PATHS
from tests.app.access.clients import BROWSER, client_of, guarded

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def routes_below(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    for route in routes:
        path = prefix + str(getattr(route, "path", ""))
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            yield from routes_below(list(inner), path)
        else:
            yield path


def paths_of(application: FastAPI) -> list[str]:
    """Every path that is served, with something in place of each parameter."""
    found = {re.sub(r"\{[^}]*\}", "x", path) for path in routes_below(list(application.routes))}
    return sorted({*found, "/", "/anything", "/healthz/", "//healthz", "/healthz/../config", "/metrics/x"} - OPEN_PATHS)


@pytest.mark.parametrize(("accounts", "header"), [("ann:pa:ss", None), (None, "X-Forwarded-User")])
async def test_no_route_answers_whoever_is_not_let_in(accounts: str | None, header: str | None) -> None:
    application = guarded(accounts, header)
    paths = paths_of(application)
    gradio = {"/config", "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/call/x", "/gradio_api/cancel"}
    gradio |= {"/gradio_api/upload", "/gradio_api/file=x", "/gradio_api/heartbeat/x", "/gradio_api/info", "/static/x"}
    assert gradio <= set(paths)  # the list is of what is really there
    answered = []
    async with client_of(application) as client:
        for path in paths:
            for method in METHODS:
                response = await client.request(method, path, json={})
                if response.status_code != 401 and not (path == "/login" and accounts):
                    answered.append((method, path, response.status_code))
    assert answered == ([("POST", "/logout", 303)] if accounts else [])


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
async def test_what_watches_the_page_needs_no_login(path: str) -> None:
    async with client_of(guarded()) as client:
        assert (await client.get(path)).status_code == 200


async def test_a_forged_path_or_host_changes_nothing() -> None:
    async with client_of(guarded()) as client:
        for headers in ({"x-forwarded-prefix": "/healthz"}, {"x-original-url": "/healthz"}, {"host": "healthz"}):
            assert (await client.get("/config", headers=headers)).status_code == 401
        assert (await client.get("/%68ealthz/%2e%2e/config")).status_code == 401
        assert (await client.get("/?x=/healthz", headers=BROWSER)).headers["location"].startswith("login")


async def test_a_websocket_is_refused() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/healthz", "headers": [], "query_string": b""}
    await guarded()(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
