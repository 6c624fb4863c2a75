"""Keep-alive comments, with events that come when the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Message

from model_server.api.answers import AnswerHead, CompletionForm
from model_server.api.compatibility import PlainTextStream
from model_server.api.responses import StreamedResponse, StreamForm
from model_server.api.sse import KEEP_ALIVE, OpenAIStream, encode_failure
from model_server.engine.request import Finished, FinishReason, TextDelta, Usage
from model_server.errors import RequestTimedOut, ServerError
from tests.model_server.engines import wait_until

NEVER_SECONDS = 1000.0
SHORT_SECONDS = 0.005
FORM = OpenAIStream(CompletionForm(AnswerHead("0", 0, "tiny")))
END = Finished(FinishReason.STOP, Usage(1, 1))


class Exchange:
    """One streamed response at the ASGI interface; `put` lets the model speak."""

    def __init__(self, interval_seconds: float, form: StreamForm = FORM) -> None:
        self.sent: list[dict[str, Any]] = []
        self.may_send = asyncio.Event()
        self.may_send.set()
        self.sends = 0  # begun
        self._events: asyncio.Queue[TextDelta | Finished | ServerError] = asyncio.Queue()
        self.is_closed = False
        response = StreamedResponse(self._read(), form, keep_alive_seconds=interval_seconds)
        self.task = asyncio.create_task(response({"type": "http", "method": "POST"}, self._receive, self._send))
        self._gone = asyncio.Event()

    def put(self, *events: TextDelta | Finished | ServerError) -> None:
        for event in events:
            self._events.put_nowait(event)

    def go_away(self) -> None:
        self._gone.set()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    async def finished(self) -> None:
        await asyncio.wait_for(self.task, 10)

    async def _read(self) -> AsyncGenerator[TextDelta | Finished, None]:
        try:
            while True:
                event = await self._events.get()
                if isinstance(event, ServerError):
                    raise event
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            self.is_closed = True

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sends += 1
        await self.may_send.wait()
        self.sent.append(dict(message))


def comments(exchange: Exchange) -> int:
    return exchange.body.count(KEEP_ALIVE)


async def test_comments_come_while_a_request_waits_for_its_first_text() -> None:
    exchange = Exchange(SHORT_SECONDS)
    await wait_until(lambda: comments(exchange) >= 3)
    exchange.put(TextDelta("Hello"), END)
    await exchange.finished()
    assert exchange.status == 200
    assert exchange.body.replace(KEEP_ALIVE, b"") == FORM.encode(TextDelta("Hello")) + FORM.encode(END)
    assert exchange.sent[-1]["more_body"] is False


async def test_comments_come_between_texts_too() -> None:
    exchange = Exchange(SHORT_SECONDS)
    exchange.put(TextDelta("a"))
    await wait_until(lambda: b'"a"' in exchange.body and comments(exchange) >= 2)
    exchange.put(TextDelta("b"), END)
    await exchange.finished()
    assert exchange.body.endswith(FORM.encode(TextDelta("b")) + FORM.encode(END))


async def test_no_comment_comes_where_nothing_is_waited_for_long() -> None:
    exchange = Exchange(NEVER_SECONDS)
    exchange.put(TextDelta("a"), END)
    await exchange.finished()
    assert comments(exchange) == 0


async def test_nothing_comes_after_the_end() -> None:
    exchange = Exchange(SHORT_SECONDS)
    exchange.put(TextDelta("a"), END)
    await exchange.finished()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_failure_before_the_first_comment_keeps_its_status() -> None:
    exchange = Exchange(NEVER_SECONDS)
    exchange.put(RequestTimedOut())
    await exchange.finished()
    assert exchange.status == 504


async def test_a_failure_after_the_first_comment_is_an_event() -> None:
    exchange = Exchange(SHORT_SECONDS)
    await wait_until(lambda: comments(exchange) >= 1)
    exchange.put(RequestTimedOut())
    await exchange.finished()
    assert exchange.status == 200
    assert exchange.body.endswith(encode_failure(RequestTimedOut()))
    assert exchange.sent[-1]["more_body"] is False


async def test_the_status_comes_first_also_where_text_arrives_while_it_is_being_sent() -> None:
    exchange = Exchange(SHORT_SECONDS)
    exchange.may_send.clear()
    await wait_until(lambda: exchange.sends == 1)  # a comment is about to open the body
    exchange.put(TextDelta("a"), END)
    other = Exchange(SHORT_SECONDS)
    await wait_until(lambda: comments(other) >= 3)
    exchange.may_send.set()
    other.put(END)
    await exchange.finished()
    assert [message["type"] for message in exchange.sent].index("http.response.start") == 0
    assert [message["type"] for message in exchange.sent].count("http.response.start") == 1
    assert exchange.body.replace(KEEP_ALIVE, b"") == FORM.encode(TextDelta("a")) + FORM.encode(END)


async def test_a_client_that_leaves_between_comments_closes_the_events() -> None:
    exchange = Exchange(SHORT_SECONDS)
    await wait_until(lambda: comments(exchange) >= 1)
    exchange.go_away()
    await exchange.finished()
    assert exchange.is_closed


async def test_plain_text_is_silent_until_there_is_text_and_cut_when_it_fails() -> None:
    exchange, other = Exchange(SHORT_SECONDS, PlainTextStream()), Exchange(SHORT_SECONDS)
    await wait_until(lambda: comments(other) >= 3)
    assert exchange.sent == []
    other.put(END)
    exchange.put(TextDelta("süß"))
    await wait_until(lambda: bool(exchange.body))
    exchange.put(RequestTimedOut())
    await exchange.finished()
    assert exchange.body == "süß".encode()
    assert all(message.get("more_body", True) for message in exchange.sent)


@pytest.mark.parametrize("refuse", [None, lambda error: Response(error.code, 418)])
async def test_whoever_asks_may_shape_what_comes_early(refuse: Callable[[ServerError], Response] | None) -> None:
    async def fail() -> AsyncGenerator[TextDelta | Finished, None]:
        raise RequestTimedOut()
        yield END

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    await StreamedResponse(fail(), FORM, refuse)({"type": "http", "method": "GET"}, receive, send)
    assert sent[0]["status"] == (504 if refuse is None else 418)
