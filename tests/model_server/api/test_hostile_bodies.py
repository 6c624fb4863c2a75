"""Bodies that nobody should send: a clear sentence, a status that says whose fault it is, and nothing in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

# what each route takes, around a text
ROUTES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "/infer": lambda text: {"sentence": text},
    "/chat": lambda text: {"prompt": text, "stream": False},
    "/invocations": lambda text: {"inputs": text},
    "/v1/completions": lambda text: {"prompt": text},
    "/v1/chat/completions": lambda text: {"messages": [{"role": "user", "content": text}]},
    "/tokenize": lambda text: {"prompt": text},
}
JSON = "application/json"
DEEP = 100_000
DEEP_LIST = json.loads("[" * 500 + "]" * 500)

BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", JSON),
    "null": (b"null", JSON),
    "a number": (b"5", JSON),
    "a string": (b'"hello"', JSON),
    "a list": (b"[1, 2]", JSON),
    "a list of objects": (b"[{}, {}]", JSON),
    "half an object": (b'{"prompt": "hel', JSON),
    "not UTF-8": (b'{"prompt": "\xff\xfe", "inputs": "\xff", "sentence": "\xff"}', JSON),
    "half of UTF-16": ('{"prompt": "hello"}'.encode("utf-16")[:-1], JSON),
    "a form": (b"prompt=hello&inputs=hello&sentence=hello", "application/x-www-form-urlencoded"),
    "JSON as text": (b'{"prompt": "hello", "inputs": "hello", "sentence": "hello"}', "text/plain"),
    "deep lists": (b"[" * DEEP + b"]" * DEEP, JSON),
    "deep objects": (b'{"inputs":' * DEEP + b"1" + b"}" * DEEP, JSON),
    "a huge number": (b'{"seed": ' + b"9" * 5000 + b"}", JSON),
    "a NUL": (b"\x00", JSON),
}
TEXTS: dict[str, Any] = {
    "null": None,
    "a number": 5,
    "an object": {"text": "hello"},
    "a deep list": DEEP_LIST,
    "half a character": "\ud800",
    "too long": "x" * 3_000_000,
}
NUMBERS = {"NaN": float("nan"), "infinity": float("inf"), "text": "1", "a list": [1], "huge": 10**400}


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.message for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


async def refusal(client: httpx.AsyncClient, path: str, content: bytes, content_type: str = JSON) -> int:
    """Send a body, check that what comes back is one sentence, and return the status."""
    response = await client.post(path, content=content, headers={"content-type": content_type})
    answer = response.json()
    sentence = answer["error"] if "error_type" in answer else answer["error"]["message"]
    assert sentence.endswith(".")
    assert len(sentence) < 300
    return response.status_code


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_cannot_be_read_is_refused(client: httpx.AsyncClient, path: str, name: str) -> None:
    assert await refusal(client, path, *BODIES[name]) == 400


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("name", TEXTS)
async def test_what_is_no_text_or_too_long_is_refused(client: httpx.AsyncClient, path: str, name: str) -> None:
    body = json.dumps(ROUTES[path](TEXTS[name])).encode()
    assert await refusal(client, path, body) == (422 if path == "/invocations" and name != "null" else 400)


@pytest.mark.parametrize("path", ROUTES.keys() - {"/tokenize"})
@pytest.mark.parametrize("name", NUMBERS)
async def test_what_is_no_number_is_refused(client: httpx.AsyncClient, path: str, name: str) -> None:
    number = NUMBERS[name]
    body = {**ROUTES[path]("hello"), "temperature": number, "parameters": {"temperature": number}}
    assert await refusal(client, path, json.dumps(body).encode()) == (422 if path == "/invocations" else 400)


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_above_the_limit_is_refused(client: httpx.AsyncClient, path: str) -> None:
    body = {**ROUTES[path]("hello"), "padding": "x" * 5_000_000}
    assert await refusal(client, path, json.dumps(body).encode()) == 413


@pytest.mark.parametrize("path", ROUTES)
async def test_the_last_of_two_equal_keys_counts(client: httpx.AsyncClient, path: str) -> None:
    """There is one reader, so that nobody can show one value to one and another to the other."""
    body = json.dumps(ROUTES[path]("hello"))
    field = next(iter(ROUTES[path]("")))
    content = f'{{"{field}": 5, {body[1:]}'
    assert (await client.post(path, content=content, headers={"content-type": JSON})).status_code == 200


@pytest.mark.parametrize("value", ["%ff%fe", "%00", "%ed%a0%80", "x" * 3000, "a&sentence=b"])
async def test_a_strange_address_is_text_or_refused(client: httpx.AsyncClient, value: str) -> None:
    response = await client.get(f"/infer?sentence={value}")
    assert response.status_code == (400 if len(value) > 300 else 200)
