"""The reader of HTTP responses: the same body however the bytes are cut, and nothing taken for complete that is not."""

from __future__ import annotations

import pytest

from model_server.bench.errors import BenchError
from model_server.bench.response_reader import ResponseReader

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
BODY = b"data: one\n\ndata: 0\r\n\r\ntwo\n\n"
CHUNKED = (
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nb\r\n" + BODY[:11] + b"\r\n10;x=y\r\n" + BODY[11:] + b"\r\n0\r\n\r\n"
)
WITH_LENGTH = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.mark.parametrize("response", [CHUNKED, WITH_LENGTH], ids=["chunked", "length"])
def test_a_response_cut_at_any_two_places_gives_its_body(response: bytes) -> None:
    for first in range(len(response) + 1):
        for second in range(first, len(response) + 1):
            reader = ResponseReader()
            pieces = (response[:first], response[first:second], response[second:])
            assert b"".join(map(reader.feed, pieces)) == BODY
            reader.close()
            assert reader.status == 200


def test_a_response_byte_by_byte_gives_its_body() -> None:
    reader = ResponseReader()
    assert b"".join(reader.feed(CHUNKED[index : index + 1]) for index in range(len(CHUNKED))) == BODY
    reader.close()


@pytest.mark.parametrize("response", [CHUNKED, WITH_LENGTH], ids=["chunked", "length"])
def test_a_response_cut_short_is_an_error(response: bytes) -> None:
    for length in range(len(response) - 2):
        reader = ResponseReader()
        reader.feed(response[:length])
        with pytest.raises(BenchError, match="before its answer was complete"):
            reader.close()


def test_a_body_without_length_ends_with_the_connection() -> None:
    reader = ResponseReader()
    assert reader.feed(HEAD + b"\r\n" + BODY) == BODY
    assert not reader.is_complete
    reader.close()


def test_the_status_is_read() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n")
    assert reader.status == 429
