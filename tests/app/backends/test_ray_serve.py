"""The Ray Serve backend: real httpx, on a scripted wire and on a real socket."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import httpx
import pytest

from app.backends.ray_serve import RayServeBackend
from app.errors import (
    BackendError,
    BackendFailed,
    BackendNotReady,
    BackendRejected,
    BackendUnauthorized,
    BackendUnavailable,
    PromptTooLong,
    StreamInterrupted,
)
from app.generation import (
    Finished,
    FinishReason,
    GenerationParameters,
    GenerationRequest,
    ModelDescription,
    StreamEvent,
    TextDelta,
    Usage,
)
from tests.wire_files import wire_bytes

REQUEST = GenerationRequest("[INST] hi [/INST]", (), GenerationParameters(), "session-1")

Handler = Callable[[httpx.Request], httpx.Response]


class Body(httpx.AsyncByteStream):
    """A streamed body that may break off or stay silent, and knows whether it was closed."""

    def __init__(self, *chunks: bytes, error: Exception | None = None, is_endless: bool = False) -> None:
        self.chunks, self.error, self.is_endless, self.is_closed = chunks, error, is_endless, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        if self.error:
            raise self.error
        if self.is_endless:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.is_closed = True


def backend_on(handler: Handler, api_key: str | None = None) -> RayServeBackend:
    return RayServeBackend("http://server", api_key, httpx.MockTransport(handler))


def answering(status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> RayServeBackend:
    return backend_on(lambda _: httpx.Response(status, content=content, headers=headers))


async def all_of(events: AsyncGenerator[StreamEvent]) -> list[StreamEvent]:
    async with aclosing(events):
        return [event async for event in events]


async def test_the_description_is_read_from_the_golden_file() -> None:
    assert await answering(200, wire_bytes("models.json")).describe() == ModelDescription("twinstream-demo", 1024)


async def test_a_server_that_does_not_tell_its_window_gets_the_smallest_usual_one() -> None:
    assert (await answering(200, b'{"data":[{"id":"m"}]}').describe()).window_tokens == 4096


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        b'{"data":[]}',
        b'{"data":[{}]}',
        b'{"data":[{"id":"m","max_model_len":"x"}]}',
        b'{"data":[{"id":"m","max_model_len":Infinity}]}',
        b"[" * 200_000,
    ],
)
async def test_a_description_that_cannot_be_read_is_a_failure(content: bytes) -> None:
    with pytest.raises(BackendFailed):
        await answering(200, content).describe()


async def test_tokens_are_counted_by_the_server() -> None:
    assert await answering(200, wire_bytes("tokenize.json")).count_tokens("hi") == 3


async def test_a_server_that_cannot_count_is_asked_once() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404)

    backend = backend_on(handler)
    assert [await backend.count_tokens("hi"), await backend.count_tokens("hi")] == [None, None]
    assert len(asked) == 1


async def test_a_stream_gives_its_text_and_its_end() -> None:
    events = await all_of(answering(200, wire_bytes("completion_stream_with_usage.sse")).stream(REQUEST))
    assert events == [TextDelta("Hel"), TextDelta("lo"), Finished(FinishReason.STOP, Usage(5, 2, 0))]


async def test_prompt_key_and_session_are_sent() -> None:
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, content=wire_bytes("completion_stream.sse"))

    await all_of(backend_on(handler, "secret").stream(REQUEST))
    assert sent[0].headers["authorization"] == "Bearer secret"
    assert sent[0].headers["x-session-id"] == "session-1"
    assert json.loads(sent[0].content)["prompt"] == REQUEST.prompt


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (400, "error_400_context_length_exceeded.json", PromptTooLong),
        (400, "error_400_invalid_value.json", BackendRejected),
        (401, "error_401_invalid_api_key.json", BackendUnauthorized),
        (404, "error_404_model_not_found.json", BackendRejected),
        (413, "error_413_request_too_large.json", PromptTooLong),
        (500, "error_500_server_error.json", BackendFailed),
        (503, "error_503_model_failed.json", BackendFailed),
        (503, "error_503_model_loading.json", BackendNotReady),
    ],
)
async def test_every_status_of_the_server_has_its_error(status: int, name: str, expected: type[BackendError]) -> None:
    with pytest.raises(BackendError) as error:
        await all_of(answering(status, wire_bytes(name)).stream(REQUEST))
    assert type(error.value) is expected
    assert json.loads(wire_bytes(name))["error"]["message"] not in error.value.user_message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({}, 2),
        ({"retry-after": "Fri, 20 Nov 2026"}, 2),
        ({"retry-after": "nan"}, 2),
        ({"retry-after": "9e9"}, 60),
    ],
)
async def test_a_busy_server_says_when_to_come_again(headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(BackendNotReady) as error:
        await all_of(answering(429, b"", headers).stream(REQUEST))
    assert error.value.retry_after_seconds == seconds


async def test_a_body_that_breaks_off_is_an_interruption_after_its_text() -> None:
    body = Body(wire_bytes("completion_stream_interrupted.sse"), error=httpx.ReadError("reset"))
    backend = backend_on(lambda _: httpx.Response(200, stream=body))
    seen: list[StreamEvent] = []
    with pytest.raises(StreamInterrupted):
        async with aclosing(backend.stream(REQUEST)) as events:
            async for event in events:
                seen.append(event)
    assert seen == [TextDelta("Hel"), TextDelta("lo")]
    assert body.is_closed


async def test_a_body_that_ends_early_without_an_error_is_an_interruption() -> None:
    with pytest.raises(StreamInterrupted):
        await all_of(answering(200, wire_bytes("completion_stream_interrupted.sse")).stream(REQUEST))


async def test_closing_a_stream_closes_the_request_upstream() -> None:
    body = Body(wire_bytes("completion_stream_interrupted.sse"), is_endless=True)
    backend = backend_on(lambda _: httpx.Response(200, stream=body))
    async with aclosing(backend.stream(REQUEST)) as events:
        await anext(events)
        assert not body.is_closed
    assert body.is_closed


async def test_no_request_waits_for_ever() -> None:
    limits: list[float | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        limits.extend(request.extensions["timeout"].values())
        return httpx.Response(200, content=wire_bytes("models.json"))

    backend = backend_on(handler)
    await backend.describe()
    with pytest.raises(StreamInterrupted):
        await all_of(backend.stream(REQUEST))
    assert limits
    assert None not in limits


async def test_a_proxy_for_the_outside_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_tcp_port}")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=wire_bytes("models.json")))
    assert (await RayServeBackend("http://127.0.0.1:1", None, transport).describe()).window_tokens == 1024


async def test_a_server_that_fails_to_count_is_asked_again() -> None:
    statuses = iter([500, 200])
    backend = backend_on(lambda _: httpx.Response(next(statuses), content=wire_bytes("tokenize.json")))
    assert [await backend.count_tokens("hi"), await backend.count_tokens("hi")] == [None, 3]


async def test_a_question_that_breaks_off_is_not_an_interrupted_answer() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    with pytest.raises(BackendUnavailable):
        await backend_on(handler).describe()


async def test_an_address_where_nobody_listens_is_unavailable(unused_tcp_port: int) -> None:
    backend = RayServeBackend(f"http://127.0.0.1:{unused_tcp_port}", None)
    with pytest.raises(BackendUnavailable):
        await backend.describe()
    await backend.aclose()
