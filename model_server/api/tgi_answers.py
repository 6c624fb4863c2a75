"""Answers and errors in the form of TGI 3 (text-generation-inference), which readers of all its versions understand.

Three things differ from TGI, because the engine tells text and not tokens. A `token` object is a piece of text, which
may be several tokens: its `id` is always 0, its `logprob` null, `index` numbers the pieces from 1. The last one is
empty and `special`. `tokens` and `prefill` of an answer that is not streamed are empty. The counts are exact. Besides,
a stop string is never part of the text.
"""

from __future__ import annotations

from model_server.api.answers import Json, JsonObject
from model_server.api.responses import JsonBody
from model_server.api.sse import KEEP_ALIVE, MEDIA_TYPE, encode_events
from model_server.api.tgi_schema import TgiBody
from model_server.engine.request import Finished, FinishReason, TextDelta
from model_server.errors import (
    InternalError,
    InvalidRequest,
    ModelLoading,
    RequestTimedOut,
    ServerBusy,
    ServerError,
)

# TGI's kinds of errors; those that it does not have keep our status
ERROR_TYPES: dict[type[ServerError], str] = {
    InvalidRequest: "validation",
    ServerBusy: "overloaded",
    ModelLoading: "overloaded",
    RequestTimedOut: "incomplete_generation",
}
STATUSES: dict[type[ServerError], int] = {InvalidRequest: 422, InternalError: 424}


def tgi_error(error: ServerError) -> JsonObject:
    """Return TGI's error object."""
    kinds = (kind for base, kind in ERROR_TYPES.items() if isinstance(error, base))
    return {"error": error.user_message, "error_type": next(kinds, "generation")}


def tgi_error_response(error: ServerError) -> JsonBody:
    """Return TGI's error object with TGI's status."""
    statuses = (status for base, status in STATUSES.items() if isinstance(error, base))
    headers = {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}
    return JsonBody(tgi_error(error), next(statuses, error.status), headers)


class TgiStream:
    """One streamed answer."""

    media_type = MEDIA_TYPE
    keep_alive = KEEP_ALIVE

    def __init__(self, body: TgiBody) -> None:
        self._body = body
        self._texts: list[str] = []
        self._index = 0

    def opening(self) -> bytes:
        return b""

    def encode(self, event: TextDelta | Finished) -> bytes:
        self._index += 1
        if isinstance(event, TextDelta):
            self._texts.append(event.text)
            return encode_events(self._event(event.text, None, None))
        parameters = self._body.parameters
        details = _details(self._body, event) if parameters.details else None
        return encode_events(self._event("", full_text(self._body, "".join(self._texts)), details))

    def failure(self, error: ServerError) -> bytes:
        return encode_events(tgi_error(error))

    def _event(self, text: str, generated_text: str | None, details: JsonObject | None) -> JsonObject:
        token = {"id": 0, "text": text, "logprob": None, "special": generated_text is not None}
        return {"index": self._index, "token": token, "generated_text": generated_text, "details": details}


def tgi_whole(body: TgiBody, text: str, end: Finished) -> Json:
    """Return the answer that is not streamed, as a list of one, which is what /invocations of TGI returns."""
    answer: JsonObject = {"generated_text": full_text(body, text)}
    if body.parameters.details:
        details = _details(body, end)
        del details["input_length"]  # TGI has it in streams only
        answer["details"] = {**details, "prefill": [], "tokens": []}
    return [answer]


def full_text(body: TgiBody, text: str) -> str:
    """Return the answer, after the prompt where that was asked for."""
    return body.inputs + text if body.parameters.return_full_text else text


def _details(body: TgiBody, end: Finished) -> JsonObject:
    return {
        "finish_reason": _finish_reason(end),
        "generated_tokens": end.usage.completion_tokens,
        "seed": body.parameters.seed,
        "input_length": end.usage.prompt_tokens,
    }


def _finish_reason(end: Finished) -> str:
    if end.reason is FinishReason.LENGTH:
        return "length"
    return "stop_sequence" if end.is_stop_string else "eos_token"
