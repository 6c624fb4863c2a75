"""A client that goes away: at the ASGI interface with the model held still, and over a real connection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI

from model_server.engine.engine import Engine
from tests.model_server.engines import wait_until
from tests.model_server.fakes import CountingExecutor

BODY = {"prompt": "hello", "max_tokens": 200, "temperature": 0}


class Caller:
    """One request at the ASGI interface, whose client can go away."""

    def __init__(self, application: FastAPI, is_streamed: bool) -> None:
        self.sent: list[dict[str, Any]] = []
        self._body: bytes | None = json.dumps({**BODY, "stream": is_streamed}).encode()
        self._is_gone = asyncio.Event()
        headers = [(b"content-type", b"application/json")]
        self._scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/completions", "query_string": b""}
        self._scope.update(headers=headers, http_version="1.1", scheme="http", asgi={"version": "3.0"})
        self.task = asyncio.create_task(application(self._scope, self._receive, self._send))  # type: ignore[arg-type]  # plain dicts

    def go_away(self) -> None:
        self._is_gone.set()

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._is_gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_client_that_goes_away_before_the_first_token_cancels(
    counting: FastAPI, engine: Engine, executor: CountingExecutor, is_streamed: bool
) -> None:
    executor.is_gated = True
    caller = Caller(counting, is_streamed)
    await wait_until(lambda: executor.calls == ["prefill 0"])
    caller.go_away()
    await asyncio.wait_for(caller.task, 5)
    assert (engine.stream_count, caller.sent) == (0, [])
    executor.gate.release(10)
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert executor.calls == ["prefill 0"]


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_client_that_goes_away_while_it_waits_for_a_slot_cancels(
    counting: FastAPI, engine: Engine, executor: CountingExecutor, is_streamed: bool
) -> None:
    executor.is_gated = True
    running = [Caller(counting, True) for _ in range(2)]
    await wait_until(lambda: bool(executor.calls) and engine.stream_count == 2)
    waiting = Caller(counting, is_streamed)
    await wait_until(lambda: engine.stream_count == 3)
    waiting.go_away()
    await asyncio.wait_for(waiting.task, 5)
    assert engine.stream_count == 2
    for caller in running:
        caller.go_away()
    await asyncio.gather(*(caller.task for caller in running))


async def test_a_failure_after_the_first_text_is_an_event_and_no_done(
    counting: FastAPI, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    caller = Caller(counting, True)
    executor.gate.release()
    await wait_until(lambda: len(executor.calls) == 2 and len(caller.sent) >= 2)
    executor.failures = 1
    executor.gate.release()
    await asyncio.wait_for(caller.task, 5)
    assert caller.sent[0]["status"] == 200
    assert b'"code":"generation_failed"' in caller.sent[-2]["body"]
    assert not any(b"[DONE]" in message.get("body", b"") for message in caller.sent)


async def test_a_failure_before_the_first_text_keeps_its_status(counting: FastAPI, executor: CountingExecutor) -> None:
    executor.failures = 1
    caller = Caller(counting, True)
    await asyncio.wait_for(caller.task, 5)
    assert caller.sent[0]["status"] == 500
    assert b'"code":"generation_failed"' in caller.sent[1]["body"]


async def test_a_closed_connection_is_noticed_at_once_while_nothing_is_sent(
    url: str, engine: Engine, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    body = json.dumps({**BODY, "stream": True}).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    writer.write(head.encode() + b"\r\n\r\n" + body)
    executor.gate.release()
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    await wait_until(lambda: len(executor.calls) == 2)  # the model is held in its second step, and sends nothing
    writer.close()
    await wait_until(lambda: engine.stream_count == 0, patience_seconds=2)
    executor.gate.release(10)
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert len(executor.calls) == 2
