"""Bytes to events, in pieces of every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BackendFailed
from app.wire.server_sent_events import EventDecoder


def decode(chunks: list[bytes]) -> list[str]:
    decoder = EventDecoder()
    return [data for chunk in chunks for data in decoder.feed(chunk)]


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)),
    size=st.integers(1, 20),
)
def test_any_payload_arrives_whole_whatever_the_pieces(line_end: bytes, texts: list[str], size: int) -> None:
    body = b"".join(b"data: " + text.encode() + line_end + line_end for text in texts)
    # A last lone CR cannot be told from half a CRLF until more comes.
    assert decode([*pieces(body, size), b":\n"]) == texts


def test_a_line_separator_inside_a_payload_does_not_end_the_line() -> None:
    assert decode(["data: a\u2028b\x85c\n\n".encode()]) == ["a\u2028b\x85c"]


def test_comments_and_other_fields_are_passed_over() -> None:
    assert decode([b": keep-alive\n\nevent: x\nid: 1\ndata: a\nretry: 5\n\n"]) == ["a"]


def test_data_lines_of_one_event_are_joined() -> None:
    assert decode([b"data: a\ndata:b\n\n"]) == ["a\nb"]


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_a_line_end_cut_in_two_does_not_end_an_event(size: int) -> None:
    assert decode(pieces(b"data: a\r\ndata: b\r\n\r\n", size)) == ["a\nb"]


def test_an_event_without_its_blank_line_has_not_happened() -> None:
    assert decode([b"data: a\n"]) == []


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(BackendFailed):
        decode([b"x" * 1_000_000] * 20)


def test_ten_megabytes_on_one_line_take_linear_time() -> None:
    payload = "x" * 10_000_000
    assert decode([*pieces(b"data: " + payload.encode(), 65_536), b"\n\n"]) == [payload]
