"""Answers that only their end makes readable."""

import json

import pytest

from app.endpoint_errors import StreamMalformed
from app.errors import StreamInterrupted
from app.generation import Finished, FinishReason
from app.wire.endpoint_stream import EndpointDecoder
from tests.app.wire.endpoint_samples import decode, split

CHAT = {"choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize("text", ["Hello", "data science\nis naïve: 😀", "identity", "5 apples", '"Yes", she said.'])
def test_plain_text_is_the_answer(text: str) -> None:
    body = f" {text}\n".encode()
    for size in range(1, len(body) + 1):
        answer = decode(split(body, size))
        assert (answer.text, answer.end) == (text, Finished(FinishReason.UNKNOWN))


def test_an_object_over_several_lines_is_one_record() -> None:
    for record in (json.dumps(CHAT, indent=2), json.dumps([{"generated_text": "Hello"}], indent=4)):
        body = record.encode()
        for size in range(1, len(body) + 1):
            answer = decode(split(body, size))
            assert answer.text == "Hello"
            assert answer.end is not None
    assert decode([json.dumps(CHAT, indent=2).encode()[:-2]]).failure is StreamInterrupted


def test_a_byte_order_mark_is_passed_over() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(CHAT).encode()
    for size in range(1, len(body) + 1):
        assert decode(split(body, size)).text == "Hello"


def test_a_text_that_never_ends_is_given_up() -> None:
    decoder = EndpointDecoder()
    with pytest.raises(StreamMalformed):
        for _ in range(17):
            list(decoder.feed(b"x" * 1024 * 1024))
