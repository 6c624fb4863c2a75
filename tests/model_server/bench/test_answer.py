"""An answer from its recorded bytes: times of events with text, counts, and failures said."""

from __future__ import annotations

import json

import pytest

from model_server.bench.answer import read_answer
from model_server.bench.errors import BenchError
from tests.wire_files import wire_bytes

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def event(text: str | None = None, **fields: object) -> bytes:
    choices = [] if text is None else [{"index": 0, "text": text}]
    return f"data: {json.dumps({'choices': choices, **fields})}\n\n".encode()


USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}


def test_times_are_those_of_events_with_text() -> None:
    first, second = event(" one"), event(" two")
    end = event("", usage=USAGE) + b"data: [DONE]\n\n"
    answer = read_answer(10.0, [(10.5, HEAD), (11.0, event("")), (12.0, first + second[:9]), (13.5, second[9:] + end)])
    assert answer.text == " one two"
    assert answer.text_seconds == (2.0, 3.5)
    assert answer.first_text_seconds == 2.0
    assert answer.gap_seconds == [1.5]
    assert answer.end_seconds == 3.5
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens) == (3, 2, 1)


def test_our_own_stream_on_the_wire_is_understood() -> None:
    stream = wire_bytes("completion_stream_with_usage.sse")
    answer = read_answer(0.0, [(1.0, HEAD + stream)])
    assert answer.completion_tokens > 0
    assert answer.text


def test_an_error_event_is_an_error() -> None:
    stream = wire_bytes("completion_stream_failed.sse")
    with pytest.raises(BenchError, match="sent an error"):
        read_answer(0.0, [(1.0, HEAD + stream)])


def test_another_status_is_an_error_with_what_the_server_said() -> None:
    with pytest.raises(BenchError, match="status 422: no such field"):
        read_answer(0.0, [(1.0, b"HTTP/1.1 422 No\r\ncontent-length: 13\r\n\r\nno such field")])


def test_an_answer_without_text_or_counts_is_an_error() -> None:
    for body in (event("", usage=USAGE), event(" text")):
        with pytest.raises(BenchError, match="no text, or does not say"):
            read_answer(0.0, [(1.0, HEAD + body)])
