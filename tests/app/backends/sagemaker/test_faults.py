"""Every way in which an endpoint fails, as real boto3 meets it on a real socket: the error, its sentence, the text."""

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest

from app.endpoint_errors import (
    AwsAccessDenied,
    AwsCredentialsRefused,
    AwsUnreachable,
    ContainerFailed,
    EndpointFailed,
    EndpointNotBegun,
    EndpointNotFound,
    EndpointStarting,
    EndpointThrottled,
    RequestFormRefused,
    StreamMalformed,
    StreamStalled,
    StreamTimeLimitReached,
)
from app.errors import BackendError, BackendNotReady, StreamInterrupted
from app.generation import StreamEvent, TextDelta
from app.wire.endpoint_request import RequestForm
from model_server.sagemaker.local.container import LINE_CHARACTERS
from model_server.sagemaker.local.faults import Fault
from tests.app.backends.sagemaker.local_backend import (
    PATIENCE_SECONDS,
    REQUEST,
    Locally,
    all_of,
    locally,
    text_of,
)
from tests.model_server.sagemaker.local.scripted_model import TEXT, TEXTS, ScriptedModel

# At the call, before any byte of an answer; the words are from the sentence that a person reads.
REFUSALS: list[tuple[Fault, type[BackendError], str]] = [
    (Fault.THROTTLED, EndpointThrottled, "too many requests"),
    (Fault.UNAVAILABLE, BackendNotReady, "not ready yet"),
    (Fault.NOT_READY, BackendNotReady, "not ready yet"),
    (Fault.INTERNAL_FAILURE, EndpointFailed, "SageMaker itself failed"),
    (Fault.MODEL_ERROR, ContainerFailed, "container reported an error"),
    (Fault.NOT_FOUND, EndpointNotFound, "no such endpoint"),
    (Fault.ACCESS_DENIED, AwsAccessDenied, "may not do sagemaker:InvokeEndpoint"),
    (Fault.EXPIRED_TOKEN, AwsCredentialsRefused, "they have expired"),
]
# After some of the answer.
BREAKS: list[tuple[Fault, type[BackendError], str]] = [
    (Fault.TIME_OVER, StreamTimeLimitReached, "longer than SageMaker allows"),
    (Fault.STREAM_BROKEN, ContainerFailed, "container reported an error"),
    (Fault.INTERNAL_STREAM_FAILURE, EndpointFailed, "SageMaker itself failed"),
    (Fault.UNMODELLED_ERROR, EndpointFailed, "SageMaker itself failed"),
    (Fault.IN_BAND_ERROR, ContainerFailed, "container reported an error"),
    (Fault.ENDS_EARLY, StreamInterrupted, "ended before the answer did"),
    (Fault.DROP, StreamInterrupted, "ended before the answer did"),
    (Fault.DROP_IN_FRAME, StreamInterrupted, "ended before the answer did"),
    (Fault.RESET, StreamInterrupted, "ended before the answer did"),
    (Fault.NOT_CHUNKED, StreamInterrupted, "ended before the answer did"),
    (Fault.BAD_CHECKSUM, StreamMalformed, "cannot be read"),
    (Fault.STALL, StreamStalled, "stopped sending"),
]


async def failure_of(local: Locally, name: str, component: str | None = None) -> tuple[BackendError, list[StreamEvent]]:
    """The error with which the stream ends, and what had come before it."""
    events: list[StreamEvent] = []
    with pytest.raises(BackendError) as raised:
        async for event in local.backend(name, component).stream(REQUEST):
            events.append(event)
    return raised.value, events


@pytest.mark.parametrize(("fault", "kind", "words"), REFUSALS, ids=lambda value: getattr(value, "value", ""))
async def test_a_refusal_is_its_sentence(
    fault: Fault, kind: type[BackendError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with locally(monkeypatch) as local:
        error, events = await failure_of(local, fault.value)
        assert len(local.server.log.requests) == 1  # botocore's own retries would be a generation each
    assert type(error) is kind
    assert words in error.user_message
    assert events == []


@pytest.mark.parametrize(("fault", "kind", "words"), BREAKS, ids=lambda value: getattr(value, "value", ""))
async def test_a_stream_that_breaks_keeps_its_text_and_ends_in_its_sentence(
    fault: Fault, kind: type[BackendError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"word {number} " for number in range(20)]
    async with locally(monkeypatch, ScriptedModel(texts), read_timeout_seconds=1) as local:
        error, events = await failure_of(local, fault.value)
        assert len(local.server.log.requests) == 1
    assert type(error) is kind
    assert words in error.user_message
    assert all(isinstance(event, TextDelta) for event in events)
    # A checksum and a reset may overtake what was sent just before them.
    kept = text_of(events)
    assert "".join(texts).startswith(kept)
    assert kept or fault is Fault.RESET


async def test_an_endpoint_that_does_not_begin_is_told_from_one_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch, read_timeout_seconds=0.5) as local:
        error, events = await failure_of(local, Fault.NO_FIRST_BYTE.value)
    assert type(error) is EndpointNotBegun
    assert "did not begin to answer within 70 seconds" in error.user_message
    assert events == []


async def test_a_slow_first_byte_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        assert text_of(await all_of(local.backend(Fault.SLOW_FIRST_BYTE.value))) == TEXT


async def test_what_asks_to_come_again_says_when_and_not_to_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        waits = set()
        for name in (Fault.THROTTLED.value, Fault.THROTTLED.value, Fault.UNAVAILABLE.value):
            error, _ = await failure_of(local, name)
            assert isinstance(error, BackendNotReady)
            waits.add(error.retry_after_seconds)
    assert len(waits) == 3
    assert min(waits) >= 1


async def test_a_component_without_copies_is_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        error, _ = await failure_of(local, "components", "asleep")
    assert type(error) is EndpointStarting
    assert "scaled to zero" in error.user_message


async def test_an_unknown_endpoint_and_one_that_is_being_made_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        for name in ("unknown", "creating"):
            error, _ = await failure_of(local, name)
            assert type(error) is EndpointNotFound


@pytest.mark.parametrize("fault", [Fault.NO_FIRST_BYTE, Fault.STALL], ids=lambda fault: fault.value)
async def test_stop_reaches_a_silent_endpoint_within_100_ms_and_is_no_failure(
    fault: Fault, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with locally(monkeypatch) as local, asyncio.timeout(PATIENCE_SECONDS):
        caplog.set_level(logging.WARNING, "app")
        seconds = [await seconds_to_stop(local, fault, number) for number in range(1, 6)]
    assert min(seconds) < 0.1
    assert not caplog.records


async def seconds_to_stop(local: Locally, fault: Fault, number: int) -> float:
    """Of the so manieth stream, which is left when nothing arrives any more; until the server has seen that."""

    async def read() -> None:
        async for _ in local.backend(fault.value).stream(REQUEST):
            pass

    log = local.server.log
    reading = asyncio.create_task(read())
    while len(log.requests) < number:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)  # into the silence, which nothing tells
    started = time.monotonic()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    while len(log.broken_off_seconds) < number:
        await asyncio.sleep(0.001)
    return log.broken_off_seconds[number - 1] - started


async def test_twelve_million_characters_on_one_line_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        assert text_of(await all_of(local.backend(Fault.ENDLESS_LINE.value))).count("x") == LINE_CHARACTERS


async def test_an_endpoint_that_nobody_serves_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        backend = local.backend("chat")
        local.clients.runtime()
        await local.server.__aexit__(None, None, None)
        with pytest.raises(AwsUnreachable) as raised:
            await all_of(backend)
    assert "cannot be reached" in raised.value.user_message


async def test_the_log_has_what_the_container_said_and_where_it_logs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with locally(monkeypatch) as local:
        error, _ = await failure_of(local, Fault.MODEL_ERROR.value)
    assert "out of memory" not in error.user_message
    assert "out of memory" in caplog.text
    assert "arn:aws:logs:" in caplog.text


async def test_what_an_overloaded_container_says_in_mid_stream_does_not_start_the_turn_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A status of 200 has been sent by then, and text may have been; waiting is only for before that."""
    async with locally(monkeypatch, ScriptedModel(TEXTS)) as local:
        backend = local.backend("chat")
        monkeypatch.setattr("app.backends.sagemaker.backend.EndpointDecoder", OverloadedAfterText)
        with pytest.raises(ContainerFailed):
            await all_of(backend)


class OverloadedAfterText:
    """A decoder that finds text, and with the next piece that the container has no more room."""

    is_finished = False

    def __init__(self, stop: tuple[str, ...]) -> None:
        self.pieces = 0

    def feed(self, piece: bytes) -> Iterator[StreamEvent]:
        self.pieces += 1
        if self.pieces > 1:
            raise EndpointThrottled("overloaded", 2.0)
        yield TextDelta("Hel")


async def test_a_container_that_takes_no_form_is_asked_twice_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    async with locally(monkeypatch) as local:
        with pytest.raises(RequestFormRefused):
            await all_of(local.backend("chat", form=RequestForm.PROMPT))
        assert len(local.server.log.requests) == 2
