"""Events to bytes: server-sent events, each one `data:` line of ASCII JSON. The only place that knows the format. Pure.

ASCII, because readers that split lines as Python does would cut a raw U+2028 in two.
"""

from __future__ import annotations

import json

from model_server.api.answers import AnswerForm, JsonObject, error_object
from model_server.engine.request import Finished, TextDelta
from model_server.errors import ServerError

DONE = b"data: [DONE]\n\n"

_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def encode_json(content: JsonObject) -> bytes:
    """Return compact ASCII JSON, the form of all bodies."""
    return _ENCODER.encode(content).encode("ascii")


def encode_opening(form: AnswerForm) -> bytes:
    """Return what a stream begins with, before its first text; perhaps nothing."""
    return _events(form.opening())


def encode_event(form: AnswerForm, event: TextDelta | Finished) -> bytes:
    """Return the bytes of one event; those of the last one include the counts, if asked for, and [DONE]."""
    if isinstance(event, TextDelta):
        return _events(form.chunk(event.text, None))
    return _events(form.chunk(None, event.reason), form.usage_chunk(event.usage)) + DONE


def encode_failure(error: ServerError) -> bytes:
    """Return the event that ends a stream that failed after it began; no [DONE] follows."""
    return _events(error_object(error))


def _events(*contents: JsonObject | None) -> bytes:
    return b"".join(b"data: " + encode_json(content) + b"\n\n" for content in contents if content is not None)
