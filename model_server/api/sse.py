"""Events to bytes: server-sent events, each one `data:` line of ASCII JSON. The only place that knows the format. Pure.

ASCII, because readers that split lines as Python does would cut a raw U+2028 in two.
"""

from __future__ import annotations

import json

from model_server.api.answers import AnswerForm, Json, JsonObject, error_object
from model_server.engine.request import Finished, TextDelta
from model_server.errors import ServerError

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE = b": keep-alive\n\n"  # a comment, which every reader of such streams passes over
DONE = b"data: [DONE]\n\n"

_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


class OpenAIStream:
    """OpenAI's streams, of text completions or of chats."""

    media_type = MEDIA_TYPE
    keep_alive = KEEP_ALIVE

    def __init__(self, form: AnswerForm) -> None:
        self._form = form

    def opening(self) -> bytes:
        return encode_opening(self._form)

    def encode(self, event: TextDelta | Finished) -> bytes:
        return encode_event(self._form, event)

    def failure(self, error: ServerError) -> bytes:
        return encode_failure(error)


def encode_json(content: Json) -> bytes:
    """Return compact ASCII JSON, the form of all bodies."""
    return _ENCODER.encode(content).encode("ascii")


def encode_opening(form: AnswerForm) -> bytes:
    """Return what a stream begins with, before its first text; perhaps nothing."""
    return encode_events(form.opening())


def encode_event(form: AnswerForm, event: TextDelta | Finished) -> bytes:
    """Return the bytes of one event; those of the last one include the counts, if asked for, and [DONE]."""
    if isinstance(event, TextDelta):
        return encode_events(form.chunk(event.text, None))
    return encode_events(form.chunk(None, event.reason), form.usage_chunk(event.usage)) + DONE


def encode_failure(error: ServerError) -> bytes:
    """Return the event that ends a stream that failed after it began; no [DONE] follows."""
    return encode_events(error_object(error))


def encode_events(*contents: JsonObject | None) -> bytes:
    """Return one event for each object that there is."""
    return b"".join(b"data: " + encode_json(content) + b"\n\n" for content in contents if content is not None)
