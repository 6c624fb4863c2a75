"""The golden wire files, byte for byte; the app's tests read the same files."""

from __future__ import annotations

import pytest

from model_server.api.answers import (
    AnswerForm,
    AnswerHead,
    ChatForm,
    CompletionForm,
    model_list,
    model_object,
    token_count,
)
from model_server.api.sse import KEEP_ALIVE, OpenAIStream, encode_event, encode_failure, encode_json, encode_opening
from model_server.engine.request import Finished, FinishReason, TextDelta, Usage
from model_server.errors import GenerationFailed
from tests.wire_files import wire_bytes

HEAD = AnswerHead("000102030405060708090a0b0c0d0e0f", 1763660000, "twinstream-demo")
HEAD_WITH_USAGE = AnswerHead(HEAD.id, HEAD.created, HEAD.model, includes_usage=True)
HELLO = [TextDelta("Hel"), TextDelta("lo")]
STOPPED = Finished(FinishReason.STOP, Usage(5, 2))
UNICODE = [TextDelta(text) for text in ("naïve \u2028", "\x85 你好", " 😀\n\n", 'data: "\\"</script>\t\x00')]


def stream(form: AnswerForm, events: list[TextDelta | Finished]) -> bytes:
    return encode_opening(form) + b"".join(encode_event(form, event) for event in events)


@pytest.mark.parametrize(
    ("file", "form", "events"),
    [
        ("completion_stream.sse", CompletionForm(HEAD), [*HELLO, STOPPED]),
        ("completion_stream_with_usage.sse", CompletionForm(HEAD_WITH_USAGE), [*HELLO, STOPPED]),
        ("completion_stream_length.sse", CompletionForm(HEAD), [HELLO[0], Finished(FinishReason.LENGTH, Usage(5, 1))]),
        ("completion_stream_interrupted.sse", CompletionForm(HEAD), HELLO),
        (
            "completion_stream_unicode.sse",
            CompletionForm(HEAD_WITH_USAGE),
            [*UNICODE, Finished(FinishReason.STOP, Usage(7, 9))],
        ),
        ("chat_stream.sse", ChatForm(HEAD), [*HELLO, STOPPED]),
        ("chat_stream_with_usage.sse", ChatForm(HEAD_WITH_USAGE), [*HELLO, STOPPED]),
    ],
)
def test_a_stream_is_the_golden_file(file: str, form: AnswerForm, events: list[TextDelta | Finished]) -> None:
    assert stream(form, events) == wire_bytes(file)


@pytest.mark.parametrize(
    ("file", "form"),
    [("completion_stream_failed.sse", CompletionForm(HEAD)), ("chat_stream_failed.sse", ChatForm(HEAD))],
)
def test_a_failure_is_an_event_without_done(file: str, form: AnswerForm) -> None:
    assert stream(form, [HELLO[0]]) + encode_failure(GenerationFailed("a detail")) == wire_bytes(file)


def test_whole_answers_are_the_golden_files() -> None:
    whole: dict[str, AnswerForm] = {"completion.json": CompletionForm(HEAD), "chat_completion.json": ChatForm(HEAD)}
    for file, form in whole.items():
        assert encode_json(form.whole("Hello", FinishReason.STOP, Usage(5, 2))) == wire_bytes(file)


def test_the_other_bodies_are_the_golden_files() -> None:
    assert encode_json(model_list("twinstream-demo", HEAD.created, 1024)) == wire_bytes("models.json")
    assert encode_json(model_object("twinstream-demo", HEAD.created, 1024)) == wire_bytes("model.json")
    assert encode_json(["Hello"]) == wire_bytes("infer.json")
    assert encode_json(token_count((1, 17, 42), 1024)) == wire_bytes("tokenize.json")


def test_comments_come_before_and_between_the_events() -> None:
    form = OpenAIStream(CompletionForm(HEAD))
    events: list[TextDelta | Finished] = [*HELLO, STOPPED]
    first, *others = map(form.encode, events)
    body = KEEP_ALIVE + KEEP_ALIVE + form.opening() + first + KEEP_ALIVE + b"".join(others)
    assert body == wire_bytes("completion_stream_kept_alive.sse")
