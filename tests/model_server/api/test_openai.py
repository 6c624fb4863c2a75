from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from model_server.engine.engine import Engine
from tests.wire_files import wire_bytes

PROMPT = {"prompt": "the quick brown fox", "max_tokens": 8, "temperature": 0}
CHAT = {"messages": [{"role": "user", "content": "how are you"}], "max_tokens": 8, "temperature": 0}


def chunks(body: str) -> list[dict[str, Any]]:
    """Return the JSON of the events of a complete stream."""
    events = body.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    return [json.loads(event.removeprefix("data: ")) for event in events[:-2]]


def asked_again(usage: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of a prompt that a slot still holds: all but its last token is there."""
    return {**usage, "prompt_tokens_details": {"cached_tokens": usage["prompt_tokens"] - 1}}


async def test_a_completion_is_the_same_streamed_or_whole(client: httpx.AsyncClient) -> None:
    whole = (await client.post("/v1/completions", json=PROMPT)).json()
    options = {"stream": True, "stream_options": {"include_usage": True}}
    streamed = await client.post("/v1/completions", json={**PROMPT, **options})
    assert streamed.headers["content-type"] == "text/event-stream"
    *texts, usage = chunks(streamed.text)
    assert "".join(chunk["choices"][0]["text"] for chunk in texts) == whole["choices"][0]["text"]
    assert texts[-1]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert usage["usage"] == asked_again(whole["usage"])
    assert whole["model"] == "tiny"


async def test_a_chat_is_the_same_streamed_or_whole(client: httpx.AsyncClient) -> None:
    whole = (await client.post("/v1/chat/completions", json=CHAT)).json()
    first, *rest = chunks((await client.post("/v1/chat/completions", json={**CHAT, "stream": True})).text)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in rest)
    assert text == whole["choices"][0]["message"]["content"]
    assert all("usage" not in chunk for chunk in rest)


async def test_a_chat_is_the_completion_of_its_rendered_prompt(client: httpx.AsyncClient) -> None:
    prompt = {**PROMPT, "prompt": "<s> [INST] how are you [/INST]"}
    completion = (await client.post("/v1/completions", json=prompt)).json()
    chat = (await client.post("/v1/chat/completions", json=CHAT)).json()
    assert chat["usage"] == asked_again(completion["usage"])
    assert chat["choices"][0]["message"]["content"] == completion["choices"][0]["text"].removeprefix(" ")


async def test_a_chat_without_max_tokens_may_fill_the_window(client: httpx.AsyncClient) -> None:
    body = {**CHAT, "max_tokens": None, "seed": 1}
    answer = (await client.post("/v1/chat/completions", json=body)).json()
    usage = answer["usage"]
    assert answer["choices"][0]["finish_reason"] == "stop" or usage["total_tokens"] == 300


async def test_a_seed_gives_the_same_answer_twice(client: httpx.AsyncClient) -> None:
    body = {**PROMPT, "temperature": 1.0, "seed": 42, "top_k": 50, "top_p": 0.9, "repetition_penalty": 1.1}
    first, second = [(await client.post("/v1/completions", json=body)).json()["choices"] for _ in range(2)]
    assert first == second


async def test_a_stop_string_is_not_part_of_the_answer(client: httpx.AsyncClient) -> None:
    text = (await client.post("/v1/completions", json=PROMPT)).json()["choices"][0]["text"]
    middle = len(text) // 2
    stopped = (await client.post("/v1/completions", json={**PROMPT, "stop": [text[middle : middle + 2]]})).json()
    assert stopped["choices"][0]["text"] == text.partition(text[middle : middle + 2])[0]
    assert stopped["choices"][0]["finish_reason"] == "stop"


async def test_the_model_list_tells_the_window(client: httpx.AsyncClient) -> None:
    (entry,) = (await client.get("/v1/models")).json()["data"]
    assert (entry["id"], entry["max_model_len"], entry["owned_by"]) == ("tiny", 300, "twinstream")


async def test_tokenize_counts_what_a_completion_would(client: httpx.AsyncClient) -> None:
    counted = (await client.post("/tokenize", json={"prompt": "the quick brown fox"})).json()
    usage = (await client.post("/v1/completions", json=PROMPT)).json()["usage"]
    assert counted["count"] == len(counted["tokens"]) == usage["prompt_tokens"]
    assert counted["max_model_len"] == 300
    bare = (await client.post("/tokenize", json={"prompt": "the quick brown fox", "add_special_tokens": False})).json()
    assert bare["tokens"] == counted["tokens"][1:]


async def test_tokenize_counts_messages(client: httpx.AsyncClient) -> None:
    counted = (await client.post("/tokenize", json={"messages": CHAT["messages"]})).json()
    usage = (await client.post("/v1/chat/completions", json=CHAT)).json()["usage"]
    assert counted["count"] == usage["prompt_tokens"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "words"),
    [
        ("/v1/completions", {**PROMPT, "prompt": "x" * 1_000_000}, 400, "context_length_exceeded", "300 tokens"),
        ("/v1/completions", {**PROMPT, "max_tokens": 300}, 400, "context_length_exceeded", "300 tokens"),
        ("/v1/completions", {**PROMPT, "prompt": ""}, 400, "invalid_value", "prompt is empty"),
        ("/v1/completions", {**PROMPT, "model": "other"}, 404, "model_not_found", "GET /v1/models"),
        ("/v1/completions", {**PROMPT, "n": 2}, 400, "invalid_value", "n: this server makes one answer"),
        ("/v1/completions", {**PROMPT, "temperature": "hot"}, 400, "invalid_value", "temperature: Input should be"),
        ("/v1/completions", {**PROMPT, "stop": ""}, 400, "invalid_value", "stop: Value should have at least 1 item"),
        ("/v1/completions", {**PROMPT, "stop": [5]}, 400, "invalid_value", "stop: Input should be a valid string."),
        ("/v1/completions", {"max_tokens": 3}, 400, "invalid_value", "prompt: Field required."),
        ("/v1/completions", [1, 2], 400, "invalid_value", "JSON object"),
        ("/v1/chat/completions", {**CHAT, "tools": [{}]}, 400, "invalid_value", "does not offer tools"),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "assistant", "content": "x"}]},
            400,
            "invalid_value",
            "in turn",
        ),
        ("/tokenize", {}, 400, "invalid_value", "Send either prompt or messages."),
        ("/nowhere", {}, 404, "not_found", "nothing at this address"),
        ("/v1/models", {}, 405, "method_not_allowed", "HTTP method"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_wrong_is_said_with_its_status(
    client: httpx.AsyncClient, path: str, body: Any, status: int, code: str, words: str, stream: bool
) -> None:
    response = await client.post(path, json={**body, "stream": stream} if isinstance(body, dict) else body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert words in response.json()["error"]["message"]


async def test_a_range_error_is_the_golden_file(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", json={**PROMPT, "temperature": -1})
    assert response.content == wire_bytes("error_400_invalid_value.json")


@pytest.mark.parametrize("content", [b"{", b'{"prompt": "\xff"}', b"", b"null"])
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await client.post("/v1/completions", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_no_slot_stays_taken_after_all_this(client: httpx.AsyncClient, application: FastAPI) -> None:
    await client.post("/v1/completions", json={**PROMPT, "stream": True})
    engine: Engine = application.state.engine
    assert not engine.model.scheduler.has_work
