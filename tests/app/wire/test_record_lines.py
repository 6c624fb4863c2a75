"""Lines to what their records say."""

import pytest

from app.endpoint_errors import ContainerFailed
from app.errors import BackendFailed, StreamInterrupted
from app.wire.record_lines import RecordLines, read_record


def texts(*chunks: bytes) -> list[str]:
    lines = RecordLines()
    readings = [reading for chunk in chunks for reading in lines.feed(chunk)]
    return [reading.text for reading in [*readings, *lines.close()]]


def test_framing_of_events_is_passed_over() -> None:
    body = b':\n\nevent: a\nid: 1\nretry: 5\ndata:\ndata: {"outputs":["a"]}\n\n'
    assert texts(body, b'data:{"outputs":["b"]}\r\n\r\n', b'{"outputs":["c"]}') == ["a", "b", "c"]


def test_separators_that_are_no_newline_are_text() -> None:
    assert texts('{"outputs": ["a\u2028\x85\x0b\x1c"]}\n'.encode()) == ["a\u2028\x85\x0b\x1c"]


def test_an_error_may_stand_right_behind_a_record() -> None:
    readings = RecordLines().feed(b'{"outputs": ["a"]}{"code":424,"message":"failed"}\n')
    assert next(readings).text == "a"
    with pytest.raises(ContainerFailed):
        next(readings)


@pytest.mark.parametrize("line", [b'{"outputs": ["a"', b'data: {"out', b"[", b"data: [DON", b'{"outputs": ["\xc3'])
def test_half_a_record_is_an_interruption(line: bytes) -> None:
    with pytest.raises(StreamInterrupted):
        texts(line)


@pytest.mark.parametrize("line", [b"", b"d", b"data:", b"data: ", b":", b": waiting", b"even", b"retry: 5"])
def test_half_a_frame_says_nothing(line: bytes) -> None:
    assert texts(line) == []


@pytest.mark.parametrize("line", [b"Hello", b"data: Hello", b'{"outputs": ["a"]}\n{"outputs": ["a"\n'])
def test_what_is_not_json_is_a_failure(line: bytes) -> None:
    with pytest.raises(BackendFailed):
        texts(line)


def test_fields_that_are_null_or_good_are_no_error() -> None:
    for error in (None, ""):
        assert read_record({"error": error, "code": 200, "token": {"text": "a"}}).text == "a"


def test_the_first_of_a_list_is_the_answer() -> None:
    assert read_record([{"generated_text": "a"}]).text == "a"
    with pytest.raises(BackendFailed):
        read_record([])
