"""What Prometheus gets: names that dashboards rely on, figures, and nothing that anybody wrote."""

import asyncio
import re

import httpx
from starlette.types import Message, Receive, Scope, Send

from app.generation import Usage
from app.metrics import Metrics
from app.observation import Outcome

# Dashboards and alerts use these: a change here breaks them.
NAMES = {
    "twinstream_chat_answers_total": "counter",
    "twinstream_chat_time_to_first_text_seconds": "histogram",
    "twinstream_chat_prompt_tokens_total": "counter",
    "twinstream_chat_answer_tokens_total": "counter",
    "twinstream_chat_open_streams": "gauge",
    "twinstream_chat_open_pages": "gauge",
}


async def read(metrics: Metrics) -> str:
    response = await metrics.metrics()
    assert response.headers["content-type"].startswith("text/plain")
    return bytes(response.body).decode()


async def test_the_names_are_those_that_are_documented() -> None:
    text = await read(Metrics(["One"]))
    assert dict(re.findall("^# TYPE (\\S+) (\\S+)$", text, re.MULTILINE)) == NAMES


async def test_every_backend_begins_at_zero() -> None:
    text = await read(Metrics(["One", "Two"]))
    for backend in ("One", "Two"):
        assert f'twinstream_chat_answers_total{{backend="{backend}",error="",outcome="finished"}} 0.0' in text
        assert f'twinstream_chat_time_to_first_text_seconds_count{{backend="{backend}"}} 0.0' in text
        assert f'twinstream_chat_open_streams{{backend="{backend}"}} 0.0' in text


async def test_answers_are_counted_by_how_they_ended() -> None:
    metrics = Metrics(["One"])
    for _ in range(3):
        metrics.began("One")
    metrics.first_text("One", 0.4)
    metrics.ended("One", Outcome.FINISHED, "", Usage(None, 5))
    metrics.ended("One", Outcome.FAILED, "StreamInterrupted", Usage(7, 1))
    text = await read(metrics)
    assert 'twinstream_chat_answers_total{backend="One",error="",outcome="finished"} 1.0' in text
    assert 'twinstream_chat_answers_total{backend="One",error="StreamInterrupted",outcome="failed"} 1.0' in text
    assert 'twinstream_chat_time_to_first_text_seconds_bucket{backend="One",le="0.5"} 1.0' in text
    assert 'twinstream_chat_prompt_tokens_total{backend="One"} 7.0' in text
    assert 'twinstream_chat_answer_tokens_total{backend="One"} 6.0' in text
    assert 'twinstream_chat_open_streams{backend="One"} 1.0' in text


async def test_a_page_is_open_while_its_heartbeat_is() -> None:
    release = asyncio.Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()

    async def nothing(*_: object) -> Message:
        return {"type": "http.disconnect"}

    metrics = Metrics([])
    counting = metrics.counting_pages(application)
    scopes = [{"type": "http", "path": path} for path in ("/gradio_api/heartbeat/a", "/gradio_api/heartbeat/b", "/")]
    requests = [asyncio.create_task(_call(counting, scope, nothing)) for scope in [*scopes, {"type": "lifespan"}]]
    await asyncio.sleep(0)
    assert "twinstream_chat_open_pages 2.0" in await read(metrics)
    release.set()
    await asyncio.gather(*requests)
    assert "twinstream_chat_open_pages 0.0" in await read(metrics)


async def _call(application: object, scope: object, either: object) -> None:
    await application(scope, either, either)  # type: ignore[operator]


async def test_the_application_serves_them(unused_tcp_port: int) -> None:
    from tests.app.access.clients import client_of, guarded

    async with client_of(guarded()) as client:
        response: httpx.Response = await client.get("/metrics")
    assert 'backend="Scripted"' in response.text
