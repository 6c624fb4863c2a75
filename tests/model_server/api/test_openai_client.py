"""OpenAI's own client against a real server: what it reads, and which of its exceptions each failure becomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import openai
import pytest
from fastapi import FastAPI
from openai.types.chat import ChatCompletionMessageParam

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.settings import ServerSettings
from tests.model_server.engines import wait_until
from tests.model_server.fakes import CountingExecutor
from tests.model_server.servers import serving

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "how are you"}]


@pytest.fixture
async def openai_client(application: FastAPI) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client of the random checkpoint."""
    async with serving(application) as url, client_of(url) as client:
        yield client


@pytest.fixture
async def counting_client(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client of the model that counts and can be held."""
    async with client_of(url) as client:
        yield client


def client_of(url: str, key: str = "any") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=30)


@asynccontextmanager
async def engine_with(
    settings: ServerSettings,
    load: Callable[[ServerSettings], LoadedModel],
    clock: Callable[[], float] = lambda: 0.0,
) -> AsyncIterator[tuple[Engine, openai.AsyncOpenAI]]:
    """An engine of its own behind a server, and a client of it."""
    engine = Engine(settings, load, clock)
    engine.start()
    await wait_until(lambda: engine.state is not EngineState.LOADING)
    async with serving(build_application(settings, engine)) as url, client_of(url) as client:
        yield engine, client
    await engine.stop()


async def test_a_chat(openai_client: openai.AsyncOpenAI) -> None:
    answer = await openai_client.chat.completions.create(
        model="tiny", messages=MESSAGES, max_completion_tokens=5, temperature=0
    )
    assert answer.choices[0].message.role == "assistant"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_stream_is_the_chat_with_its_usage_last(openai_client: openai.AsyncOpenAI) -> None:
    whole = await openai_client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=20, temperature=0)
    stream = await openai_client.chat.completions.create(
        model="tiny",
        messages=MESSAGES,
        max_tokens=20,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    *chunks, last = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert last.usage is not None
    assert whole.usage is not None
    assert last.usage.completion_tokens == whole.usage.completion_tokens


async def test_a_stop_string(openai_client: openai.AsyncOpenAI) -> None:
    text = (await openai_client.completions.create(model="tiny", prompt="the fox", temperature=0)).choices[0].text
    stopped = await openai_client.completions.create(model="tiny", prompt="the fox", temperature=0, stop=[text[2:4]])
    assert (stopped.choices[0].text, stopped.choices[0].finish_reason) == (text.partition(text[2:4])[0], "stop")


async def test_ignore_eos_gives_exactly_as_many_tokens_as_were_asked_for(
    counting_client: openai.AsyncOpenAI, engine: Engine
) -> None:
    """The model counts past its end token, 2, when it comes round."""
    counts = []
    for ignores in (False, True):
        answer = await counting_client.completions.create(
            model="tiny", prompt="hello", max_tokens=290, temperature=0, extra_body={"ignore_eos": ignores}
        )
        assert answer.usage is not None
        counts.append(answer.usage.completion_tokens)
        assert answer.choices[0].finish_reason == ("length" if ignores else "stop")
    assert counts[0] < counts[1] == 290


async def test_models_are_listed_and_looked_up(settings: ServerSettings, engine: Engine) -> None:
    named = replace(settings, model_id="mistralai/Mistral-7B-Instruct-v0.2")
    async with serving(build_application(named, engine)) as url, client_of(url) as client:
        (entry,) = (await client.models.list()).data
        assert await client.models.retrieve(named.model_id) == entry
        assert entry.model_extra == {"max_model_len": 300}
        with pytest.raises(openai.NotFoundError) as error:
            await client.models.retrieve("mistralai/other")
    assert error.value.code == "model_not_found"


@pytest.mark.parametrize(
    "change", [{"n": 2}, {"logprobs": True}, {"max_tokens": 300}, {"temperature": 3}, {"extra_body": {"num_beams": 4}}]
)
async def test_what_cannot_be_done_is_a_bad_request(
    openai_client: openai.AsyncOpenAI, change: dict[str, object]
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        await openai_client.chat.completions.create(model="tiny", messages=MESSAGES, **change)  # type: ignore[call-overload]  # one of many fields
    assert error.value.type == "invalid_request_error"


async def test_another_model_is_not_found(openai_client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        await openai_client.chat.completions.create(model="other", messages=MESSAGES)


async def test_a_key_opens_and_a_wrong_one_does_not(settings: ServerSettings, engine: Engine) -> None:
    guarded = build_application(replace(settings, api_key="right"), engine)
    async with serving(guarded) as url, client_of(url, "right") as friend, client_of(url, "wrong") as stranger:
        assert len((await friend.models.list()).data) == 1
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()


async def test_a_full_server_is_a_rate_limit(
    settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel], executor: CountingExecutor
) -> None:
    executor.is_gated = True
    async with engine_with(replace(settings, queue_limit=0), load_counting) as (engine, client):
        running = [asyncio.create_task(complete(client)) for _ in range(2)]
        await wait_until(lambda: bool(executor.calls) and engine.stream_count == 2)
        executor.gate.release(2)
        await wait_until(lambda: engine.model.scheduler.free_slots == 0)
        with pytest.raises(openai.RateLimitError) as error:
            asking = asyncio.create_task(complete(client))
            await wait_until(lambda: engine.stream_count == 3)
            executor.is_gated = False
            executor.gate.release(1000)
            await asking
        await asyncio.gather(*running)
    assert (error.value.code, error.value.response.headers["retry-after"]) == ("server_busy", "1")


async def complete(client: openai.AsyncOpenAI, timeout_seconds: float = 30) -> None:
    await client.completions.create(model="tiny", prompt="hello", max_tokens=20, temperature=0, timeout=timeout_seconds)


async def test_a_model_that_could_not_be_loaded_is_an_internal_server_error(settings: ServerSettings) -> None:
    def fail(settings: ServerSettings) -> LoadedModel:
        raise RuntimeError("no such luck")

    async with engine_with(settings, fail) as (_, client):
        with pytest.raises(openai.InternalServerError) as error:
            await complete(client)
    assert (error.value.status_code, error.value.code) == (503, "model_failed")


async def test_the_servers_own_limit_of_time_is_an_internal_server_error(
    settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel], executor: CountingExecutor
) -> None:
    now_seconds = 0.0
    executor.is_gated = True
    async with engine_with(settings, load_counting, lambda: now_seconds) as (_, client):
        asking = asyncio.create_task(complete(client))
        await wait_until(lambda: bool(executor.calls))
        now_seconds = 1e6
        executor.is_gated = False
        executor.gate.release(10)
        with pytest.raises(openai.InternalServerError) as error:
            await asking
    assert (error.value.status_code, error.value.code) == (504, "request_timeout")


async def test_the_clients_own_limit_of_time_frees_the_slot(
    counting_client: openai.AsyncOpenAI, engine: Engine, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    with pytest.raises(openai.APITimeoutError):
        await complete(counting_client, timeout_seconds=0.5)
    await wait_until(lambda: engine.stream_count == 0)


async def test_a_failure_in_a_stream_is_an_api_error(
    counting_client: openai.AsyncOpenAI, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    executor.gate.release(2)
    stream = await counting_client.completions.create(model="tiny", prompt="hello", max_tokens=50, stream=True)
    await wait_until(lambda: len(executor.calls) == 3)
    executor.failures = 1
    executor.gate.release()
    with pytest.raises(openai.APIError, match="could not finish this answer"):
        async for _ in stream:
            pass


async def test_a_closed_stream_frees_its_slot_before_the_next_step(
    counting_client: openai.AsyncOpenAI, engine: Engine, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    executor.gate.release(2)
    async with await counting_client.completions.create(
        model="tiny", prompt="hello", max_tokens=200, temperature=0, stream=True
    ) as stream:
        await anext(aiter(stream))
        await wait_until(lambda: len(executor.calls) == 3)  # the model is held in its third step
    await wait_until(lambda: engine.stream_count == 0)
    executor.is_gated = False
    executor.gate.release(10)
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert len(executor.calls) == 3
