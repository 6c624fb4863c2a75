from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import openai
import pytest
from fastapi import FastAPI
from starlette.types import Message

from model_server.api.application import build_application
from model_server.api.request_log import RequestLog, choose_request_id
from model_server.api.request_statistics import RequestStatistics
from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.engine.observation import Outcome
from model_server.logs import JsonFormatter, TextFormatter
from model_server.settings import ServerSettings
from tests.model_server.api.observed_server import observed_server
from tests.model_server.engines import wait_until
from tests.model_server.fakes import CountingExecutor

PROMPT = {"prompt": "the quick brown fox", "max_tokens": 5, "temperature": 0}
CANARY = "canary7f3a"
KEY = f"key-{CANARY}"


@pytest.fixture
async def guarded(
    settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a whole application with a key, in this process."""
    settings = replace(settings, api_key=KEY)
    engine = Engine(settings, load_counting)
    application = build_application(settings, engine)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {KEY}"}
    async with application.router.lifespan_context(application):
        await wait_until(lambda: engine.state is EngineState.READY)
        async with httpx.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
            yield client


def request_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record)["fields"] for record in caplog.records if record.getMessage() == "request"]


async def test_one_line_tells_how_a_request_ended_and_what_it_took(
    guarded: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    usage = (await guarded.post("/v1/completions", json=PROMPT)).json()["usage"]
    (line,) = request_lines(caplog)
    times = {name: line.pop(name) for name in ("queue_seconds", "first_token_seconds", "total_seconds")}
    assert line == {
        "route": "/v1/completions",
        "status": 200,
        "outcome": "length",
        "prompt_tokens": usage["prompt_tokens"],
        "cached_tokens": 0,
        "generated_tokens": 5,
    }
    assert 0 <= times["queue_seconds"] <= times["first_token_seconds"] <= times["total_seconds"] < 30


async def test_what_is_turned_away_is_logged_and_probes_are_not(
    guarded: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/healthz", "/readyz", "/metrics", "/v1/models", "/v1/nothing"):
        await guarded.get(path)
    await guarded.get("/v1/models", headers={"authorization": "Bearer wrong"})
    lines = [(line["route"], line["status"], line["outcome"]) for line in request_lines(caplog)]
    assert lines == [
        ("/v1/models", 200, "answered"),
        ("unknown", 404, "invalid"),
        ("unknown", 401, "unauthorized"),
    ]


@pytest.mark.parametrize("wanted", ["req-1", "0191d3a4-8b1c-7000-8000-000000000000", "a.b:c_d", "x" * 128])
def test_a_well_formed_id_is_kept(wanted: str) -> None:
    assert choose_request_id(wanted) == wanted


@pytest.mark.parametrize(
    "wanted", ["", "x" * 129, "a b", "a\nINFO forged", "a\n", "a\x1b[2J", "ü", "\u0661", 'a"b', "a=b"]
)
def test_anything_else_gets_an_id_of_ours(wanted: str) -> None:
    chosen = choose_request_id(wanted)
    assert chosen != wanted
    assert len(chosen) == 32


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/healthz"), ("HEAD", "/v1/models"), ("GET", "/nothing"), ("POST", "/v1/completions")]
)
async def test_every_response_returns_the_id(guarded: httpx.AsyncClient, method: str, path: str) -> None:
    response = await guarded.request(method, path, headers={"x-request-id": "mine-1"}, json=PROMPT)
    assert response.headers.get_list("x-request-id") == ["mine-1"]
    first, second = [(await guarded.get(path)).headers["x-request-id"] for _ in range(2)]
    assert first != second


async def test_a_refusal_at_the_door_returns_the_id_too(guarded: httpx.AsyncClient) -> None:
    response = await guarded.get("/v1/models", headers={"authorization": "", "x-request-id": "mine-1"})
    assert (response.status_code, response.headers["x-request-id"]) == (401, "mine-1")


async def test_the_openai_client_finds_the_id_where_it_looks(
    settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel]
) -> None:
    async with (
        observed_server(settings, load_counting) as server,
        openai.AsyncOpenAI(base_url=f"{server.http.base_url}/v1", api_key="any", max_retries=0) as client,
    ):
        answer = await client.completions.create(
            model="tiny", prompt="hello", max_tokens=2, extra_headers={"x-request-id": "mine-1"}
        )
        assert answer._request_id == "mine-1"
        with pytest.raises(openai.NotFoundError) as failure:
            await client.completions.create(model="other", prompt="hello", extra_headers={"x-request-id": "mine-2"})
        assert failure.value.request_id == "mine-2"


async def test_what_was_not_foreseen_is_logged_with_the_id_and_answered_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    application, statistics, lines = FastAPI(), RequestStatistics(), []

    async def fail() -> None:
        raise RuntimeError("unwell")

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    application.add_api_route("/", fail)
    application.add_middleware(RequestLog, statistics=statistics)
    handler = Lines()
    handler.setFormatter(JsonFormatter())
    logging.getLogger("model_server").addHandler(handler)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://server") as client:
            response = await client.get("/", headers={"x-request-id": "mine-1"})
    finally:
        logging.getLogger("model_server").removeHandler(handler)
    assert (response.status_code, response.headers["x-request-id"]) == (500, "mine-1")
    assert response.json()["error"]["code"] == "server_error"
    assert statistics.counts[Outcome.FAILED] == 1
    parsed = json.loads(lines[0])
    assert (parsed["request_id"], "RuntimeError: unwell" in parsed["exception"]) == ("mine-1", True)


async def test_a_failure_in_the_midst_of_a_body_cuts_it_and_is_counted() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("unwell")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    statistics = RequestStatistics()
    scope = {"type": "http", "path": "/", "headers": []}
    with pytest.raises(RuntimeError):
        await RequestLog(fail, statistics)(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert statistics.counts[Outcome.FAILED] == 1


async def test_who_leaves_in_the_middle_of_a_body_has_cancelled(
    settings: ServerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"pro', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        """Nobody is there."""

    caplog.set_level(logging.INFO)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"500")]
    scope = {"type": "http", "method": "POST", "path": "/v1/completions", "query_string": b"", "headers": headers}
    await build_application(settings)(scope, receive, send)
    assert [line["outcome"] for line in request_lines(caplog)] == ["cancelled"]


async def test_a_proxy_that_returns_the_id_itself_is_not_doubled(settings: ServerSettings) -> None:
    application = build_application(settings, returns_request_id=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://server") as client:
        assert "x-request-id" not in (await client.get("/healthz")).headers


async def test_nothing_that_somebody_wrote_is_in_a_log_line_or_a_metric(
    guarded: httpx.AsyncClient, executor: CountingExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"x-session-id": CANARY, "x-request-id": f"{CANARY} {CANARY}", "user-agent": CANARY, "cookie": CANARY}
    messages = [{"role": "user", "content": f"say {CANARY}"}]
    stop = ["stop" + CANARY]
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/v1/completions", {**PROMPT, "prompt": CANARY, "stop": stop}),
        ("/v1/completions", {**PROMPT, "prompt": CANARY, "stop": stop, "stream": True}),
        ("/v1/completions", {**PROMPT, "model": CANARY}),
        ("/v1/completions", {**PROMPT, "prompt": [CANARY]}),
        ("/v1/completions", {**PROMPT, "user": CANARY, CANARY: CANARY, "temperature": CANARY}),
        ("/v1/chat/completions", {"messages": messages, "max_tokens": 3, "stop": stop}),
        ("/v1/chat/completions", {"messages": [*messages, *messages]}),
        ("/v1/chat/completions", {"messages": [{"role": CANARY, "content": CANARY}]}),
        ("/tokenize", {"prompt": CANARY}),
        (f"/infer?sentence={CANARY}", {"sentence": CANARY}),
        (f"/chat?prompt={CANARY}", {"prompt": CANARY}),
        ("/invocations", {"inputs": CANARY, "parameters": {"stop": stop, "max_new_tokens": 3}}),
        ("/invocations", {"inputs": CANARY, "parameters": {CANARY: CANARY, "temperature": CANARY}}),
        (f"/v1/models/{CANARY}", {}),
        (f"/v1/{CANARY}", {}),
        (f"/v1/models?model={CANARY}", {}),
    ]
    for path, body in bodies:
        await guarded.post(path, json=body, headers=headers)
        await guarded.get(path, headers=headers)
    await guarded.post("/v1/completions", content=f'{{"prompt": "{CANARY}'.encode(), headers=headers)
    await guarded.get("/v1/models", headers={**headers, "authorization": f"Bearer wrong-{CANARY}"})
    executor.failures = 1
    assert (await guarded.post("/v1/completions", json={**PROMPT, "prompt": CANARY})).status_code == 500
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]  # the test's own client
    assert len(request_lines(caplog)) == 2 * len(bodies) + 3
    assert any("A step failed" in record.getMessage() for record in ours)
    for record in ours:
        for formatter in (TextFormatter(), JsonFormatter()):
            assert CANARY not in formatter.format(record)
        assert CANARY not in repr(vars(record))
    assert CANARY not in (await guarded.get("/metrics")).text
