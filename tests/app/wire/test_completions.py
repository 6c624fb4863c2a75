"""The golden streams, as the app reads them."""

import json

import pytest

from app.errors import BackendFailed, StreamInterrupted
from app.generation import (
    Finished,
    FinishReason,
    GenerationParameters,
    GenerationRequest,
    StreamEvent,
    TextDelta,
    Usage,
)
from app.wire.completions import CompletionDecoder, completion_body
from tests.wire_files import wire_bytes


def decode(body: bytes, size: int) -> list[StreamEvent]:
    decoder = CompletionDecoder()
    events = [event for start in range(0, len(body), size) for event in decoder.feed(body[start : start + size])]
    decoder.close()
    return events


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


SIZES = [1, 2, 3, 7, 64, 1_000_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "text", "end"),
    [
        ("completion_stream.sse", "Hello", Finished(FinishReason.STOP)),
        ("completion_stream_kept_alive.sse", "Hello", Finished(FinishReason.STOP)),
        ("completion_stream_with_usage.sse", "Hello", Finished(FinishReason.STOP, Usage(5, 2, 0))),
        (
            "completion_stream_unicode.sse",
            'naïve \u2028\x85 你好 😀\n\ndata: "\\"</script>\t\0',
            Finished(FinishReason.STOP, Usage(7, 9, 0)),
        ),
    ],
)
def test_a_golden_stream_gives_its_text_and_exactly_one_end(name: str, text: str, end: Finished, size: int) -> None:
    events = decode(wire_bytes(name), size)
    assert text_of(events) == text
    assert [event for event in events if isinstance(event, Finished)] == [end]
    assert events[-1] == end


def test_an_answer_cut_at_its_length_says_so() -> None:
    end = decode(wire_bytes("completion_stream_length.sse"), 50)[-1]
    assert isinstance(end, Finished)
    assert end.reason is FinishReason.LENGTH


@pytest.mark.parametrize("name", ["completion_stream.sse", "completion_stream_with_usage.sse"])
def test_a_stream_cut_anywhere_before_its_end_is_an_interruption(name: str) -> None:
    body = wire_bytes(name)
    for cut in range(len(body) - 1):
        with pytest.raises(StreamInterrupted):
            decode(body[:cut], 64)


def test_what_arrived_before_an_interruption_is_not_lost() -> None:
    decoder = CompletionDecoder()
    assert text_of(list(decoder.feed(wire_bytes("completion_stream_interrupted.sse")))) == "Hello"
    with pytest.raises(StreamInterrupted):
        decoder.close()


def test_an_error_event_is_a_failure_whose_text_stays_out_of_the_page() -> None:
    decoder = CompletionDecoder()
    with pytest.raises(BackendFailed) as failure:
        list(decoder.feed(wire_bytes("completion_stream_failed.sse")))
    assert "generation_failed" in str(failure.value)
    assert "generation_failed" not in failure.value.user_message


@pytest.mark.parametrize("payload", [b"{", b"[]", b'"text"', b"null"])
def test_what_is_not_in_the_dialect_is_a_failure(payload: bytes) -> None:
    with pytest.raises(BackendFailed):
        list(CompletionDecoder().feed(b"data: " + payload + b"\n\n"))


@pytest.mark.parametrize(
    "record",
    [
        '{"choices":"abc"}',
        '{"choices":[null]}',
        '{"choices":[{"text":5}]}',
        '{"choices":[{"text":["a"]}]}',
        '{"choices":[{"finish_reason":7}]}',
        '{"usage":"abc"}',
        '{"usage":{"prompt_tokens":"5","completion_tokens":2}}',
        "[" * 200_000,
    ],
)
def test_fields_of_another_kind_are_a_failure(record: str) -> None:
    with pytest.raises(BackendFailed):
        list(CompletionDecoder().feed(f"data: {record}\n\n".encode()))


def test_counts_that_are_not_told_are_no_usage() -> None:
    body = b'data: {"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"prompt_tokens":null}}\n\ndata: [DONE]\n\n'
    assert decode(body, 10)[-1] == Finished(FinishReason.STOP, None)


def test_a_lone_surrogate_becomes_something_that_can_be_shown() -> None:
    [event] = CompletionDecoder().feed(b'data: {"choices":[{"text":"a\\ud800b"}]}\n\n')
    assert event == TextDelta("a?b")


def test_an_end_without_a_reason_is_an_interruption() -> None:
    with pytest.raises(StreamInterrupted):
        list(CompletionDecoder().feed(b"data: [DONE]\n\n"))


def test_a_body_carries_all_settings_and_is_json() -> None:
    parameters = GenerationParameters(seed=7, stop=("###",))
    body = completion_body(GenerationRequest("[INST] hi [/INST]", (), parameters, "session"), "model")
    assert json.loads(json.dumps(body)) == {
        "model": "model",
        "prompt": "[INST] hi [/INST]",
        "max_tokens": 512,
        "temperature": 0.9,
        "top_p": 0.6,
        "top_k": 50,
        "repetition_penalty": 1.03,
        "seed": 7,
        "stop": ["###"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_settings_that_were_not_made_are_not_sent() -> None:
    body = completion_body(GenerationRequest("hi", (), GenerationParameters(), "session"), "model")
    assert "seed" not in body
    assert "stop" not in body


def test_only_a_measurement_asks_to_go_on_after_the_end() -> None:
    bodies = [
        completion_body(GenerationRequest("hi", (), GenerationParameters(ignore_eos=ignores), "session"), "model")
        for ignores in (False, True)
    ]
    assert ["ignore_eos" in body for body in bodies] == [False, True]
    assert bodies[1]["ignore_eos"] is True
