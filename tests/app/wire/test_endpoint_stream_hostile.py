"""What no container should send, in any mixture and at any length: errors of the backend, and no other."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.endpoint_errors import StreamMalformed
from app.errors import StreamInterrupted
from app.wire.endpoint_stream import EndpointDecoder
from tests.app.wire.endpoint_samples import SAMPLES, decode, sample, split


@pytest.mark.parametrize("body", [b"", b"\n\n", b":\n\n", b"data: \n\n", b"event: ping\nid: 1\nretry: 5\n", b"data"])
def test_an_empty_answer_is_an_interruption(body: bytes) -> None:
    assert decode(split(body, 1)).failure is StreamInterrupted


@pytest.mark.parametrize("body", [b"<html>\n", b"5\n", b'"text"\n', b"[]\n", b'{"a":1}\n', b"null", b"\xff\n"])
def test_what_is_of_no_dialect_is_malformed(body: bytes) -> None:
    for size in (1, len(body)):
        assert decode(split(body, size)).failure is StreamMalformed


@pytest.mark.parametrize(
    "record",
    [
        '{"token": 5}',
        '{"token": {"text": 5}}',
        '{"token": {"text": "a"}, "generated_text": []}',
        '{"token": {"text": "a"}, "details": "x"}',
        '{"token": {"text": "a"}, "details": {"generated_tokens": "x"}}',
        '{"token": {"text": "a"}, "details": {"finish_reason": 5}}',
        '{"outputs": "abc"}',
        '{"outputs": [5]}',
        '{"choices": "abc"}',
        '{"choices": [5]}',
        '{"choices": [{"delta": "a"}]}',
        '{"choices": [{"delta": {"content": ["a"]}}]}',
        '{"usage": 5}',
        '{"generated_text": "a", "details": 5}',
        '{"generated_text": "a\\x"}',
        '{"generated_text": "a\\uZZZZ"}',
        '{"generated_text": "a" 5}',
        "[" * 100_000,
        '{"generated_text": "a", "details": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"token": {"id": ' + "9" * 5_000 + "}}",
    ],
)
def test_fields_of_another_kind_are_malformed(record: str) -> None:
    assert decode([record.encode() + b"\n"]).failure is StreamMalformed


@pytest.mark.parametrize("opening", [b'{"outputs": ["', b'{"generated_text": "'])
def test_a_line_that_never_ends_is_given_up(opening: bytes) -> None:
    decoder = EndpointDecoder()
    list(decoder.feed(opening if b"outputs" in opening else opening + b'", "details": "'))
    with pytest.raises(StreamMalformed):
        for _ in range(17):
            list(decoder.feed(b"x" * 1024 * 1024))


def reading_seconds(opening: bytes, ending: bytes, megabytes: int) -> float:
    """The time for one record of this size in pieces of 8 KiB, the best of three."""
    piece = b"na\xc3\xafve \\n" * 1024
    chunks = [opening, *[piece] * (megabytes * 1024 * 1024 // len(piece)), ending]
    tries = []
    for _ in range(3):
        start = process_time()
        answer = decode(chunks)
        tries.append(process_time() - start)
        assert answer.failure is None
        assert len(answer.text) == 7 * 1024 * (len(chunks) - 2)
    return min(tries)


@pytest.mark.parametrize(
    ("opening", "ending"), [(b'{"outputs": ["', b'"]}\n'), (b'{"generated_text": "', b'"}')], ids=["line", "pieces"]
)
def test_ten_megabytes_in_one_record_take_linear_time(opening: bytes, ending: bytes) -> None:
    # Ten times the bytes; quadratic time would be a hundred times the time.
    assert reading_seconds(opening, ending, 10) < 30 * reading_seconds(opening, ending, 1)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_raise_anything_but_errors_of_the_backend(chunks: list[bytes]) -> None:
    decode(chunks)


_FRAGMENTS = st.sampled_from(
    [
        *(fragment for name in SAMPLES for fragment in sample(name).split(b"\n")[:3]),
        b"\n",
        b"data:",
        b'{"generated_text": "',
        b'", "details": {',
        b'"}',
        b"\\ud83d",
        b"\\ude00",
        b"\\u12",
        b"{",
        b"[DONE]",
        b'{"code":424,"message":"x"}',
        b'{"error":null}',
        b"\r",
        b"\xe2\x80",
    ]
)


@given(st.lists(st.one_of(_FRAGMENTS, st.binary(max_size=8)), max_size=12), st.integers(1, 40))
def test_no_mixture_of_dialects_raises_anything_but_errors_of_the_backend(fragments: list[bytes], size: int) -> None:
    body = b"".join(fragments)
    answer, whole = decode(split(body, size)), decode([body])
    assert (answer.text, answer.end) == (whole.text, whole.end)
