"""A load client that costs next to nothing, because it shares its processor with the server that it measures.

While the clock runs it only notes what the sockets give and when; everything is read afterwards.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from model_server.bench.answer import Answer, Arrival, read_answer
from model_server.bench.errors import BenchError

ANSWER_SECONDS = 300.0
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and how many tokens to add to it."""

    prompt: str
    max_tokens: int


async def ask(port: int, questions: Sequence[Question]) -> list[Answer]:
    """Ask all questions at once, each on a connection of its own; return their answers in order."""
    requests = [_request(port, question) for question in questions]
    exchanging = asyncio.gather(*(_exchange(port, request) for request in requests))
    try:
        exchanges = await asyncio.wait_for(exchanging, ANSWER_SECONDS)
    except asyncio.TimeoutError as error:
        raise BenchError(f"The server had not answered after {ANSWER_SECONDS:.0f} s.") from error
    return [read_answer(began_seconds, arrivals) for began_seconds, arrivals in exchanges]


def _request(port: int, question: Question) -> bytes:
    """Greedy, streamed, with usage; the fields that all measured servers know."""
    content = {
        "prompt": question.prompt,
        "max_tokens": question.max_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    body = json.dumps(content).encode("ascii")
    head = (
        f"POST /v1/completions HTTP/1.1\r\nhost: {HOST}:{port}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


async def _exchange(port: int, request: bytes) -> tuple[float, list[Arrival]]:
    began_seconds = perf_counter()
    recorder = _Recorder(request)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: recorder, HOST, port)
    try:
        await recorder.is_closed
    finally:
        transport.abort()
    return began_seconds, recorder.arrivals


class _Recorder(asyncio.Protocol):
    """Sends one request and notes what comes back, until the server closes the connection, as the request asks."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.arrivals: list[Arrival] = []
        self.is_closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.arrivals.append((perf_counter(), data))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_closed.done():
            self.is_closed.set_result(None)
