from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from huggingface_hub import AsyncInferenceClient, TextGenerationStreamOutput
from huggingface_hub.errors import ValidationError

from model_server.engine.engine import Engine
from tests.model_server.api.test_openai import CHAT, PROMPT, chunks
from tests.model_server.engines import wait_until
from tests.model_server.fakes import CountingExecutor
from tests.model_server.servers import serving

INPUTS = "the quick brown fox"
GREEDY = {"max_new_tokens": 8}


async def invoke(client: httpx.AsyncClient, inputs: str = INPUTS, **parameters: Any) -> dict[str, Any]:
    """Return the one answer, with its details."""
    body = {"inputs": inputs, "parameters": {**GREEDY, "details": True, **parameters}}
    response = await client.post("/invocations", json=body)
    assert response.status_code == 200, response.text
    (answer,) = response.json()
    return dict(answer)


def tgi_events(body: str) -> list[dict[str, Any]]:
    *events, end = body.split("\n\n")
    assert end == ""
    return [json.loads(event.removeprefix("data: ")) for event in events]


async def test_an_answer_is_the_completion_of_its_prompt(client: httpx.AsyncClient) -> None:
    completion = (await client.post("/v1/completions", json=PROMPT)).json()
    answer = await invoke(client)
    assert answer["generated_text"] == completion["choices"][0]["text"]
    assert answer["details"]["generated_tokens"] == completion["usage"]["completion_tokens"]


async def test_details_come_only_where_they_are_asked_for(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/invocations", json={"inputs": INPUTS, "parameters": GREEDY})).json()
    assert [list(one) for one in answer] == [["generated_text"]]


async def test_an_answer_is_the_same_streamed(client: httpx.AsyncClient) -> None:
    whole = await invoke(client)
    body = {"inputs": INPUTS, "parameters": {**GREEDY, "details": True}, "stream": True}
    response = await client.post("/invocations", json=body)
    assert response.headers["content-type"] == "text/event-stream"
    *texts, last = tgi_events(response.text)
    assert "".join(event["token"]["text"] for event in texts) == last["generated_text"] == whole["generated_text"]
    assert all(event["generated_text"] is None for event in texts)
    assert [event["index"] for event in (*texts, last)] == list(range(1, len(texts) + 2))
    assert last["details"]["finish_reason"] == whole["details"]["finish_reason"]


async def test_exactly_one_begin_token_reaches_the_model(client: httpx.AsyncClient) -> None:
    plain, spelled = [
        tgi_events((await client.post("/invocations", json={"inputs": text, "stream": True, "parameters": ASK})).text)
        for text in ("[INST] how are you [/INST]", "<s>[INST] how are you [/INST]")
    ]
    assert plain[-1]["details"]["input_length"] == spelled[-1]["details"]["input_length"]
    assert plain[-1]["generated_text"] == spelled[-1]["generated_text"]


ASK = {**GREEDY, "details": True}


async def test_why_it_ended_is_told_in_tgis_words(client: httpx.AsyncClient) -> None:
    text = (await invoke(client))["generated_text"]
    stopped = await invoke(client, stop=[text[2:4]])
    assert stopped["generated_text"] == text.partition(text[2:4])[0]
    assert stopped["details"]["finish_reason"] == "stop_sequence"
    assert (await invoke(client, max_new_tokens=1))["details"]["finish_reason"] == "length"


async def test_without_a_length_an_answer_may_fill_the_window(client: httpx.AsyncClient) -> None:
    details = (await invoke(client, max_new_tokens=None))["details"]
    prompt = (await client.post("/tokenize", json={"prompt": INPUTS})).json()["count"]
    assert details["finish_reason"] == "eos_token" or details["generated_tokens"] == 300 - prompt


async def test_a_seed_gives_the_same_answer_twice(client: httpx.AsyncClient) -> None:
    first, second = [await invoke(client, seed=42, temperature=2.0, top_p=0.95) for _ in range(2)]
    assert first == second
    assert first["details"]["seed"] == 42


async def test_truncate_keeps_the_begin_token_and_the_end(client: httpx.AsyncClient) -> None:
    tail = await invoke(client, "over the lazy dog")
    tokens = (await client.post("/tokenize", json={"prompt": "over the lazy dog"})).json()["tokens"]
    long = "x" * 40 + "</s>over the lazy dog"
    assert (await invoke(client, long, truncate=len(tokens)))["generated_text"] == tail["generated_text"]
    assert (await invoke(client, truncate=200))["generated_text"] == (await invoke(client))["generated_text"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("change", "status", "kind", "words"),
    [
        ({"inputs": ""}, 422, "validation", "inputs: String should have at least 1 character."),
        ({"inputs": ["x"]}, 422, "validation", "inputs: Input should be a valid string."),
        ({"inputs": "x" * 100_000}, 422, "validation", "300 tokens"),
        ({"parameters": {"max_new_tokens": 300}}, 422, "validation", "300 tokens"),
        ({"parameters": {"best_of": 2}}, 422, "validation", "parameters.best_of: this server streams"),
        ({"parameters": {"typical_p": 0.9}}, 422, "validation", "does not offer typical_p"),
        ({"parameters": [1]}, 422, "validation", "parameters: Input should be"),
    ],
)
async def test_what_is_wrong_is_said_in_tgis_form(
    client: httpx.AsyncClient, change: dict[str, Any], status: int, kind: str, words: str, stream: bool
) -> None:
    response = await client.post("/invocations", json={"inputs": INPUTS, "stream": stream, **change})
    assert (response.status_code, response.json()["error_type"]) == (status, kind)
    assert words in response.json()["error"]


async def test_messages_and_prompts_are_answered_as_by_openais_routes(client: httpx.AsyncClient) -> None:
    for path, body in (("/v1/chat/completions", CHAT), ("/v1/completions", PROMPT)):
        theirs = (await client.post(path, json=body)).json()
        ours = (await client.post("/invocations", json={**body, "model": "tgi", "inputs": None})).json()
        assert ours["choices"] == theirs["choices"]
        assert len(chunks((await client.post("/invocations", json={**body, "stream": True})).text)) > 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Send inputs, messages or prompt."),
        ({"messages": []}, "messages: List should have at least 1 item"),
        ({"prompt": "x", "n": 2}, "n: this server makes one answer"),
    ],
)
async def test_what_is_wrong_in_openais_form_is_said_in_it(
    client: httpx.AsyncClient, body: dict[str, Any], words: str
) -> None:
    response = await client.post("/invocations", json=body)
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


async def test_sagemakers_headers_are_ignored(client: httpx.AsyncClient) -> None:
    headers = {"x-amzn-sagemaker-custom-attributes": "accept_eula=true", "accept": "application/vnd.amazon.eventstream"}
    response = await client.post("/invocations", json={"inputs": INPUTS, "parameters": GREEDY}, headers=headers)
    assert response.status_code == 200


async def test_a_failure_after_the_first_text_is_an_event(url: str, executor: CountingExecutor) -> None:
    executor.is_gated = True
    executor.gate.release()
    body = {"inputs": "hello", "stream": True}
    async with httpx.AsyncClient(base_url=url) as client, client.stream("POST", "/invocations", json=body) as response:
        await wait_until(lambda: len(executor.calls) == 2)
        executor.failures = 1
        executor.gate.release()
        await response.aread()
    assert (response.status_code, tgi_events(response.text)[-1]["error_type"]) == (200, "generation")


async def test_a_failure_before_it_keeps_its_status(url: str, executor: CountingExecutor) -> None:
    executor.failures = 1
    async with httpx.AsyncClient(base_url=url) as client:
        response = await client.post("/invocations", json={"inputs": "hello", "stream": True})
    assert (response.status_code, response.json()["error_type"]) == (424, "generation")


async def test_the_huggingface_client_understands_it(application: FastAPI, client: httpx.AsyncClient) -> None:
    expected = (await invoke(client))["generated_text"]
    async with serving(application) as url, AsyncInferenceClient(f"{url}/invocations") as inference:
        assert await inference.text_generation(INPUTS, max_new_tokens=8) == expected
        texts = [text async for text in await inference.text_generation(INPUTS, max_new_tokens=8, stream=True)]
        assert "".join(texts) == expected
        stream = await inference.text_generation(INPUTS, max_new_tokens=8, stream=True, details=True)
        last = [output async for output in stream][-1]
        assert isinstance(last, TextGenerationStreamOutput)
        assert last.details is not None
        assert (last.generated_text, last.details.finish_reason) == (expected, "length")
        with pytest.raises(ValidationError, match="best_of"):
            await inference.text_generation(INPUTS, best_of=2)


async def test_the_huggingface_client_that_leaves_frees_its_slot(
    url: str, engine: Engine, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    executor.gate.release(2)
    async with AsyncInferenceClient(f"{url}/invocations") as inference:
        stream = await inference.text_generation("hello", max_new_tokens=200, stream=True)
        await asyncio.wait_for(anext(aiter(stream)), 10)
    await wait_until(lambda: engine.stream_count == 0)
