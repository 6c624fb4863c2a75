"""One object in pieces: the text as it comes, whatever is cut where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.endpoint_errors import ContainerFailed, StreamMalformed
from app.errors import StreamInterrupted
from app.generation import Finished, FinishReason
from app.wire.json_pieces import find_opening, may_become_opening
from tests.app.wire.endpoint_samples import decode, split

DETAILS = ', "details": {"finish_reason": "length"}'


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.booleans(), st.booleans(), st.data())
def test_any_text_comes_back_at_any_cuts(text: str, is_ascii: bool, is_list: bool, data: st.DataObject) -> None:
    body = f'{{"generated_text": {json.dumps(text, ensure_ascii=is_ascii)}{DETAILS}}}'
    chunks = split(f"[{body}]".encode() if is_list else body.encode(), data.draw(st.integers(1, 20)))
    answer = decode(chunks, stop=())
    assert (answer.text, answer.end) == (text, Finished(FinishReason.LENGTH))


@pytest.mark.parametrize(
    "text", ['\\"', "\\\\", "\\u00e9", "\\ud83d\\ude00", "é", "😀", "\\\\u0041", "\\/", "\\u007b", "{"]
)
def test_escapes_and_characters_may_be_cut_anywhere(text: str) -> None:
    body = f'{{"generated_text": "a{text}b"}}'.encode()
    for first in range(len(body)):
        for second in range(first, len(body)):
            answer = decode([body[:first], body[first:second], body[second:]])
            assert answer.text == json.loads(body)["generated_text"]


def test_a_text_may_end_with_a_brace() -> None:
    for ending in ('"}', f'"{DETAILS}}}', '" }\n'):
        assert decode(split(f'{{"generated_text": "a{{{ending}'.encode(), 1)).text == "a{"


def test_an_error_within_the_text_is_an_error_and_no_text() -> None:
    body = b'{"generated_text": "Hello{"code":424,"message":"failed"}'
    for size in range(1, len(body)):
        answer = decode(split(body, size))
        assert (answer.text, answer.failure) == ("Hello", ContainerFailed)
    assert decode([body[:-1]]).failure is StreamInterrupted


def test_an_error_behind_an_answer_that_is_complete_does_not_undo_it() -> None:
    answer = decode([b'{"generated_text": "Hello"}{"code":424,"message":"failed"}'])
    assert (answer.text, answer.end) == ("Hello", Finished(FinishReason.UNKNOWN))


def test_the_text_is_kept_where_the_input_ends_within_it() -> None:
    answer = decode([b'{"generated_text": "Hello{\\u00'])
    assert (answer.text, answer.failure) == ("Hello{", StreamInterrupted)


@pytest.mark.parametrize("behind", ["x", '"x"', "]x}"])
def test_what_cannot_stand_behind_the_text_is_malformed(behind: str) -> None:
    answer = decode([f'{{"generated_text": "Hello"{behind}'.encode()])
    assert answer.text == "Hello"
    assert answer.failure in (StreamMalformed, StreamInterrupted)


@pytest.mark.parametrize("head", [b"", b"[", b"[ {", b'{ "generated', b'{"generated_text": '])
def test_a_beginning_may_become_an_opening(head: bytes) -> None:
    assert may_become_opening(head)
    assert find_opening(head) is None


@pytest.mark.parametrize("head", [b"d", b'{"token"', b'{"generated_text": n', b"[[", b"[DONE]", b"[" + b" " * 80])
def test_other_beginnings_do_not(head: bytes) -> None:
    assert not may_become_opening(head)
    assert find_opening(head) is None
