from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from model_server.api.application import build_application
from model_server.engine.model import LoadedModel
from model_server.settings import ServerSettings
from tests.model_server.api.observed_server import ObservedServer, observed_server, samples
from tests.model_server.engines import wait_until
from tests.model_server.fakes import CountingExecutor

PROMPT = {"prompt": "the quick brown fox", "temperature": 0}
TIMEOUT_SECONDS = 600

# What dashboards and alerts name. A change here breaks them.
METRICS = {
    "twinstream_model_server_info": "gauge",
    "twinstream_engine_state": "gauge",
    "twinstream_requests": "counter",
    "twinstream_request_duration_seconds": "histogram",
    "twinstream_requests_waiting": "gauge",
    "twinstream_slots_in_use": "gauge",
    "twinstream_slots": "gauge",
    "twinstream_prompt_tokens": "counter",
    "twinstream_cached_prompt_tokens": "counter",
    "twinstream_generated_tokens": "counter",
    "twinstream_queue_wait_seconds": "histogram",
    "twinstream_time_to_first_token_seconds": "histogram",
    "twinstream_inter_token_seconds": "histogram",
    "twinstream_step_duration_seconds": "histogram",
}


@pytest.fixture
async def server(
    settings: ServerSettings, executor: CountingExecutor, load_counting: Callable[[ServerSettings], LoadedModel]
) -> AsyncIterator[ObservedServer]:
    """Two slots, and room for one request that waits."""
    settings = replace(settings, queue_limit=1, request_timeout_seconds=TIMEOUT_SECONDS)
    async with observed_server(settings, load_counting) as server:
        try:
            yield server
        finally:
            executor.is_gated = False
            executor.gate.release(1000)


async def complete(server: ObservedServer, **body: object) -> httpx.Response:
    return await server.http.post("/v1/completions", json={**PROMPT, **body})


async def test_names_and_types_are_what_dashboards_rely_on(server: ObservedServer) -> None:
    response = await server.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(response.text))
    assert {family.name: family.type for family in families} == METRICS
    assert all(family.documentation.endswith(".") or ";" in family.documentation for family in families)
    info = samples(response.text)
    assert info["twinstream_model_server_info{executor=torch,model_id=tiny}"] == 1
    assert info["twinstream_engine_state{state=ready}"] == 1
    assert info["twinstream_slots"] == 2


@pytest.mark.parametrize("accept", ["*/*", "application/openmetrics-text; version=abc", "text/plain; escaping=dots"])
async def test_everybody_gets_the_same_names_whatever_they_accept(server: ObservedServer, accept: str) -> None:
    response = await server.http.get("/metrics", headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "\ntwinstream_slots_in_use 0.0" in response.text


async def test_the_counts_are_the_sums_of_what_the_answers_said(server: ObservedServer) -> None:
    usages: list[dict[str, Any]] = [
        (await complete(server, max_tokens=length)).json()["usage"] for length in (1, 7, 30)
    ]
    streamed = await complete(server, max_tokens=9, stream=True, stream_options={"include_usage": True})
    usages.append(json.loads(streamed.text.split("\n\n")[-3].removeprefix("data: "))["usage"])
    await server.expect_outcomes(length=4)
    found = await server.scrape()
    generated = [usage["completion_tokens"] for usage in usages]
    assert generated == [1, 7, 30, 9]
    assert found["twinstream_generated_tokens_total"] == sum(generated)
    assert found["twinstream_prompt_tokens_total"] == sum(usage["prompt_tokens"] for usage in usages)
    cached = sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages)
    assert found["twinstream_cached_prompt_tokens_total"] == cached > 0
    assert found["twinstream_inter_token_seconds_count"] == sum(tokens - 1 for tokens in generated)
    for name in ("queue_wait_seconds", "time_to_first_token_seconds", "request_duration_seconds"):
        assert found[f"twinstream_{name}_count"] == len(usages)
    assert found["twinstream_step_duration_seconds_count{kind=prefill}"] == len(usages)
    assert found["twinstream_step_duration_seconds_count{kind=decode}"] == sum(tokens - 1 for tokens in generated)
    assert found["twinstream_time_to_first_token_seconds_sum"] == 0  # the engine's clock stood still


async def test_every_request_is_counted_once_by_how_it_ended(
    server: ObservedServer, executor: CountingExecutor
) -> None:
    text = (await complete(server, max_tokens=9)).json()["choices"][0]["text"]
    await complete(server, max_tokens=9, stop=[text[2:4]])
    await complete(server, max_tokens=9, stream=True)
    await complete(server, prompt=3)
    await complete(server, max_tokens=10_000)
    await server.http.get("/v1/nothing")
    await server.http.get("/v1/models")
    for probe in ("/healthz", "/readyz", "/metrics"):
        await server.http.get(probe)
    executor.failures = 1
    assert (await complete(server, max_tokens=9)).status_code == 500
    await server.expect_outcomes(length=2, stop=1, invalid=3, answered=1, failed=1)


async def test_a_client_that_goes_away_is_counted_and_its_slot_is_free(
    server: ObservedServer, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    executor.gate.release()  # the prefill: one token
    async with server.http.stream("POST", "/v1/completions", json={**PROMPT, "max_tokens": 200, "stream": True}):
        await wait_until(lambda: len(executor.calls) == 2)  # the thread is held in the decode after the prefill
        assert (await server.scrape())["twinstream_slots_in_use"] == 1
    await wait_until(lambda: server.engine.stream_count == 0)  # the server has seen it
    executor.gate.release()
    await wait_until(lambda: not server.engine.model.scheduler.has_work)
    await server.expect_outcomes(cancelled=1)
    found = await server.scrape()
    assert (found["twinstream_slots_in_use"], found["twinstream_generated_tokens_total"]) == (0, 2)
    assert found["twinstream_request_duration_seconds_count"] == 0


async def test_who_waits_is_a_gauge_and_who_is_refused_or_too_late_is_counted(
    server: ObservedServer, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    tasks = [asyncio.create_task(complete(server, max_tokens=50))]
    await wait_until(lambda: len(executor.calls) == 1)  # a prefill, in which the engine's thread is held
    tasks += [asyncio.create_task(complete(server, max_tokens=50)) for _ in range(2)]
    await wait_until(lambda: server.engine.stream_count == 3)
    for calls in (2, 3):  # a decode, and the prefill of the second
        executor.gate.release()
        await wait_until(lambda calls=calls: len(executor.calls) == calls)  # type: ignore[misc]  # mypy cannot type a lambda with a default
    found = await server.scrape()
    assert (found["twinstream_slots_in_use"], found["twinstream_requests_waiting"]) == (2, 1)
    refused = asyncio.create_task(complete(server, max_tokens=50))
    await wait_until(lambda: server.engine.stream_count == 4)
    executor.gate.release()
    assert (await refused).status_code == 429
    server.clock.seconds += TIMEOUT_SECONDS
    executor.gate.release(1000)
    assert {(await task).status_code for task in tasks} == {504}
    await server.expect_outcomes(refused=1, timed_out=3)
    found = await server.scrape()
    assert (found["twinstream_slots_in_use"], found["twinstream_requests_waiting"]) == (0, 0)
    assert found["twinstream_queue_wait_seconds_count"] == 2


async def test_two_applications_in_one_process_count_for_themselves(
    server: ObservedServer, settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel]
) -> None:
    async with observed_server(replace(settings, model_id="other"), load_counting) as other:
        await complete(other, max_tokens=3)
        await other.expect_outcomes(length=1)
        assert "twinstream_model_server_info{executor=torch,model_id=other}" in await other.scrape()
    assert await server.outcomes() == {}
    assert (await server.scrape())["twinstream_generated_tokens_total"] == 0


async def test_without_a_model_or_a_key_there_are_metrics_all_the_same(settings: ServerSettings) -> None:
    application = build_application(replace(settings, api_key="s3cret"))  # its engine is never started
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://server") as client:
        assert (await client.get("/v1/models")).status_code == 401
        await client.get("/v1/models", headers={"authorization": "Bearer s3cret"})
        response = await client.get("/metrics")
    found = samples(response.text)
    assert response.status_code == 200
    assert (found["twinstream_engine_state{state=loading}"], found["twinstream_slots"]) == (1, 0)
    assert found["twinstream_requests_total{outcome=unauthorized}"] == 1
    assert found["twinstream_requests_total{outcome=unavailable}"] == 1
