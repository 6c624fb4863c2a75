"""The golden answers of containers, as the app reads them, however they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.endpoint_errors import ContainerFailed
from app.errors import BackendError, StreamInterrupted
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.wire.endpoint_stream import EndpointDecoder
from tests.app.wire.endpoint_samples import (
    ANSWERS,
    FAILURES,
    SAMPLES,
    SHORT_ANSWERS,
    STOP,
    TEXT,
    TEXTS,
    decode,
    sample,
    split,
)
from tests.wire_files import FOLDER, wire_bytes

# Their text comes as it was cut, not token by token.
ONE_OBJECT = [name for name in SAMPLES if "pieces" in name or name.startswith(("tgi_not", "lmi_async_not"))]


def test_every_golden_answer_is_read_here() -> None:
    assert sorted(path.name for path in (FOLDER / "sagemaker").iterdir()) == SAMPLES


@pytest.mark.parametrize("name", ANSWERS)
def test_every_dialect_gives_the_same_text_and_its_end(name: str) -> None:
    answer = decode([sample(name)])
    assert (answer.text, answer.end, answer.failure) == (TEXT, ANSWERS[name], None)


@pytest.mark.parametrize("name", SHORT_ANSWERS)
def test_an_answer_says_why_it_ended(name: str) -> None:
    answer = decode([sample(name)])
    assert (answer.text, answer.end) == ("Hello, ", SHORT_ANSWERS[name])


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_in_the_stream_is_raised_after_the_text_that_came(name: str) -> None:
    answer = decode([sample(name)])
    assert (answer.text, answer.failure) == FAILURES[name]
    assert answer.end is None


@pytest.mark.parametrize(
    "name",
    ["tgi_stream_with_details.sse", "tgi_generation_with_details.json", "chat_stream.sse", "completion_stream.sse"],
)
def test_our_own_server_behind_an_endpoint_is_read_too(name: str) -> None:
    answer = decode([wire_bytes(name)])
    assert answer.text == "Hello"
    assert answer.end
    assert answer.end.reason is FinishReason.STOP


@pytest.mark.parametrize("name", SAMPLES)
def test_the_events_are_the_same_at_every_size_of_pieces(name: str) -> None:
    body = sample(name)
    whole = decode([body])
    for size in range(1, len(body)):
        answer = decode(split(body, size))
        assert (answer.text, answer.end, answer.failure) == (whole.text, whole.end, whole.failure)
        assert name in ONE_OBJECT or answer == whole


@given(st.sampled_from(SAMPLES), st.data())
def test_the_events_are_the_same_at_pieces_of_any_sizes(name: str, data: st.DataObject) -> None:
    body = sample(name)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=20)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    answer, whole = decode(chunks), decode([body])
    assert (answer.text, answer.end, answer.failure) == (whole.text, whole.end, whole.failure)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_stream_cut_anywhere_keeps_its_text_and_never_ends_early(name: str) -> None:
    body = sample(name)
    whole = decode([body])
    for cut in range(len(body)):
        answer = decode([body[:cut]])
        # What might have become the stop text is text, if nothing follows.
        assert whole.text.startswith(answer.text.rstrip("#"))
        assert answer.failure in (None, StreamInterrupted, whole.failure)
        # LMI's oldest lines have no end; those of all others have.
        assert (
            answer.end is None
            or answer.text == whole.text
            or name in ("lmi_0.25_outputs.jsonl", "lmi_0.24_error.jsonl")
        )


@pytest.mark.parametrize(
    "name", ["tgi_1.1.sse", "tgi_3.3.sse", "lmi_0.27.jsonl", "vllm_chat.sse", "lmi_0.25_pieces.json"]
)
def test_a_stream_without_its_end_is_an_interruption(name: str) -> None:
    body = sample(name)
    end = body.index(b"</s>" if b"</s>" in body else b'"finish_reason":"stop"' if b"choices" in body else b'"}')
    for cut in range(end):
        assert decode([body[:cut]]).failure is StreamInterrupted


@pytest.mark.parametrize("name", ANSWERS)
def test_the_last_newline_may_be_missing_and_lines_may_end_as_on_windows(name: str) -> None:
    body = sample(name)
    for variant in (body.rstrip(b"\n"), body.replace(b"\n", b"\r\n")):
        for size in (1, 2, len(variant)):
            answer = decode(split(variant, size))
            assert (answer.text, answer.end) == (TEXT, ANSWERS[name])


def test_lines_that_have_no_end_may_end_after_each_line_but_not_within_one() -> None:
    body = sample("lmi_0.25_outputs.jsonl")
    for cut in range(1, len(body)):
        is_whole_line = b"\n" in body[cut - 1 : cut + 1]
        assert decode([body[:cut]]).failure is (None if is_whole_line else StreamInterrupted)


def test_a_line_is_shown_when_it_is_complete_and_a_piece_at_once() -> None:
    lines, pieces = EndpointDecoder(), EndpointDecoder()
    assert list(lines.feed(b'data: {"token":{"id":1,"text":"Hel","special":false},"generated_text":null}\n')) == [
        TextDelta("Hel")
    ]
    assert list(pieces.feed(b'{"generated_text": "Hel')) == [TextDelta("Hel")]
    assert list(pieces.feed(b"lo")) == [TextDelta("lo")]


def test_nothing_is_read_after_the_end() -> None:
    decoder = EndpointDecoder()
    assert list(decoder.feed(sample("tgi_3.3.sse")))[-1] == ANSWERS["tgi_3.3.sse"]
    assert decoder.is_finished
    assert list(decoder.feed(b"<html>\n")) == []
    assert list(decoder.close()) == []


def test_an_end_comes_before_the_end_of_input_where_the_dialect_has_one() -> None:
    for name in ("tgi_3.3.sse", "lmi_0.29.jsonl", "lmi_async.jsonl", "vllm_chat.sse"):
        decoder = EndpointDecoder()
        list(decoder.feed(sample(name)))
        assert decoder.is_finished


def test_an_end_of_openai_without_a_reason_is_an_interruption() -> None:
    assert decode([b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n']).failure is StreamInterrupted


def test_a_reason_that_came_is_the_end_even_where_the_usage_is_cut() -> None:
    body = sample("vllm_chat.sse")
    answer = decode([body[: body.index(b'"usage"')]])
    assert (answer.text, answer.end) == (TEXT, Finished(FinishReason.STOP))


def test_a_container_that_does_not_stop_is_left_at_the_stop_text() -> None:
    decoder = EndpointDecoder(STOP)
    lines = [b'{"outputs": ["Hel"]}\n', b'{"outputs": ["lo#"]}\n', b'{"outputs": ["##!"]}\n']
    assert [list(decoder.feed(line)) for line in lines] == [
        [TextDelta("Hel")],
        [TextDelta("lo")],
        [Finished(FinishReason.STOP)],
    ]


def test_the_counts_behind_a_stop_text_are_not_lost() -> None:
    body = b'[{"generated_text":"Hello###","details":{"finish_reason":"stop_sequence","generated_tokens":4}}]'
    for size in range(1, len(body)):
        answer = decode(split(body, size))
        assert (answer.text, answer.end) == ("Hello", Finished(FinishReason.STOP, Usage(None, 4)))


def test_what_might_have_become_a_stop_text_is_shown_however_the_stream_ends() -> None:
    token = b'{"token":{"id":1,"text":"a##","special":false},"generated_text":null}\n'
    assert decode([token]).text == "a##"
    assert decode([token, b'{"error":"failed","error_type":"generation"}\n']).text == "a##"
    assert decode([token, b'{"token":{"id":2,"text":"b#","special":false},"generated_text":"a##b#"}\n']).text == "a##b#"


def test_lone_surrogates_become_something_that_can_be_shown() -> None:
    assert decode([b'{"outputs": ["a\\ud800b"]}\n']).text == "a?b"
    assert decode(split(b'{"generated_text": "a\\ud800b"}', 1)).text == "a?b"


def test_a_character_that_is_not_utf8_is_replaced() -> None:
    assert decode(split(b'{"outputs": ["a\xffb"]}\n', 1)).text == "a\ufffdb"
    assert decode(split(b'{"generated_text": "a\xffb"}', 1)).text == "a\ufffdb"


def test_errors_keep_what_the_container_said_for_the_log_alone() -> None:
    decoder = EndpointDecoder()
    with pytest.raises(ContainerFailed) as failure:
        list(decoder.feed(sample("tgi_3.3_error_generation.sse")))
    assert "out of memory" in str(failure.value)
    assert "out of memory" not in failure.value.user_message
    assert isinstance(failure.value, BackendError)


def test_the_tokens_are_told_one_by_one() -> None:
    assert [event for event in decode([sample("tgi_3.3.sse")]).events if isinstance(event, TextDelta)] == [
        TextDelta(text) for text in TEXTS
    ]
