"""What the model answers is in no line of any log: a real server on a bare socket, everything logged at every level."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from model_server.logs import JsonFormatter, TextFormatter

PROMPT = {"prompt": "the quick", "max_tokens": 40, "temperature": 0}  # what counts from there is far from English


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Everything that is logged meanwhile, by whomever, in both formats and as it is."""
    written: list[str] = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.extend([TextFormatter().format(record), JsonFormatter().format(record), repr(vars(record))])

    root, handler = logging.getLogger(), Everything()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


async def exchange(url: str, method: str, path: str, body: object = None) -> str:
    """Send one request as bytes, because a client logs too, and return the response's body, chunk sizes and all."""
    content = b"" if body is None else json.dumps(body).encode()
    head = {"host": "server", "connection": "close", "content-length": len(content), "content-type": "application/json"}
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    start = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    writer.write("\r\n".join(start).encode() + content)
    response = await reader.read()
    writer.close()
    await writer.wait_closed()
    return response.decode().partition("\r\n\r\n")[2]


async def test_a_word_of_an_answer_is_in_no_log_line_and_no_metric(url: str, lines: list[str]) -> None:
    answer = json.loads(await exchange(url, "POST", "/v1/completions", PROMPT))
    words = answer["choices"][0]["text"].split()
    assert words
    assert "[DONE]" in await exchange(url, "POST", "/v1/completions", {**PROMPT, "stream": True})
    metrics = await exchange(url, "GET", "/metrics")
    assert "twinstream_generated_tokens_total 80" in metrics
    logged = "".join(lines)
    assert logged.count("outcome=length") == 2
    for word in words:
        assert word not in logged
        assert json.dumps(word)[1:-1] not in logged
        assert word not in metrics
