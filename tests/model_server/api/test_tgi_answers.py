"""TGI's golden wire files, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from model_server.api.sse import encode_json
from model_server.api.tgi_answers import TgiStream, tgi_error, tgi_error_response, tgi_whole
from model_server.api.tgi_schema import TgiBody
from model_server.engine.request import Finished, FinishReason, TextDelta, Usage
from model_server.errors import (
    ContextLengthExceeded,
    GenerationFailed,
    ModelFailed,
    ModelLoading,
    RequestTimedOut,
    ServerBusy,
    ServerError,
)
from tests.model_server.api.test_sse import HELLO, STOPPED, UNICODE
from tests.wire_files import wire_bytes

DETAILS = {"details": True}


def body(**parameters: Any) -> TgiBody:
    return TgiBody.model_validate({"inputs": "<s>[INST] Hi [/INST]", "parameters": parameters})


def stream(events: list[TextDelta | Finished], **parameters: Any) -> bytes:
    form = TgiStream(body(**parameters))
    return form.opening() + b"".join(form.encode(event) for event in events)


@pytest.mark.parametrize(
    ("file", "events", "parameters"),
    [
        ("tgi_stream.sse", [*HELLO, STOPPED], {}),
        ("tgi_stream_with_details.sse", [*HELLO, STOPPED], {"details": True, "seed": 7}),
        ("tgi_stream_length.sse", [HELLO[0], Finished(FinishReason.LENGTH, Usage(5, 1))], DETAILS),
        ("tgi_stream_stop_sequence.sse", [*HELLO, Finished(FinishReason.STOP, Usage(5, 3), True)], DETAILS),
        ("tgi_stream_unicode.sse", [*UNICODE, Finished(FinishReason.STOP, Usage(7, 9))], DETAILS),
        ("tgi_stream_interrupted.sse", HELLO, {}),
    ],
)
def test_a_stream_is_the_golden_file(file: str, events: list[TextDelta | Finished], parameters: dict[str, Any]) -> None:
    assert stream(events, **parameters) == wire_bytes(file)


def test_a_failure_is_an_event() -> None:
    form = TgiStream(body())
    assert form.encode(HELLO[0]) + form.failure(GenerationFailed("a detail")) == wire_bytes("tgi_stream_failed.sse")


def test_whole_answers_are_the_golden_files() -> None:
    assert encode_json(tgi_whole(body(), "Hello", STOPPED)) == wire_bytes("tgi_generation.json")
    detailed = encode_json(tgi_whole(body(details=True), "Hello", STOPPED))
    assert detailed == wire_bytes("tgi_generation_with_details.json")


def test_the_prompt_comes_first_where_that_is_asked_for() -> None:
    assert tgi_whole(body(return_full_text=True), " Hello", STOPPED) == [
        {"generated_text": "<s>[INST] Hi [/INST] Hello"}
    ]
    assert b'"generated_text":"<s>[INST] Hi [/INST]Hello"' in stream([*HELLO, STOPPED], return_full_text=True)


@pytest.mark.parametrize(
    ("error", "file"),
    [
        (ContextLengthExceeded(1024), "tgi_error_422_validation.json"),
        (GenerationFailed("a detail"), "tgi_error_424_generation.json"),
        (ServerBusy(), "tgi_error_429_overloaded.json"),
    ],
)
def test_an_error_is_the_golden_file(error: ServerError, file: str) -> None:
    response = tgi_error_response(error)
    assert response.body == wire_bytes(file)
    assert response.status_code == int(file.split("_")[2])


@pytest.mark.parametrize(
    ("error", "status", "kind", "retry_after"),
    [
        (ModelLoading(), 503, "overloaded", "1"),
        (ModelFailed(), 503, "generation", None),
        (RequestTimedOut(), 504, "incomplete_generation", None),
    ],
)
def test_an_error_that_tgi_does_not_have_keeps_its_status(
    error: ServerError, status: int, kind: str, retry_after: str | None
) -> None:
    response = tgi_error_response(error)
    assert (response.status_code, response.headers.get("retry-after")) == (status, retry_after)
    assert tgi_error(error)["error_type"] == kind
