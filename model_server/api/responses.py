"""HTTP responses of the engine's events: a stream, or one whole answer.

The first event is taken before a status is sent, so that early failures keep theirs. While an answer is awaited the
connection is watched, so that a client that goes away frees its slot at once, also before the first token.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from model_server.api.answers import AnswerForm, JsonObject, error_object
from model_server.api.sse import encode_event, encode_failure, encode_json, encode_opening
from model_server.engine.request import Finished, TextDelta
from model_server.errors import InternalError, ServerError

Events = AsyncGenerator[TextDelta | Finished, None]

STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}  # no proxy may collect what we stream


class JsonBody(Response):
    """A body of compact ASCII JSON."""

    media_type = "application/json"

    def render(self, content: JsonObject) -> bytes:
        return encode_json(content)


def error_response(error: ServerError) -> JsonBody:
    """Return OpenAI's error object with the error's status."""
    headers = {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}
    return JsonBody(error_object(error), error.status, headers)


class GenerationResponse(Response):
    """The base of both forms: runs until it is done or the client has gone."""

    def __init__(self, events: Events, form: AnswerForm) -> None:
        super().__init__()
        self._events = events
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send_events(scope, receive, send))
        watching = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, watching):
                task.cancel()
            results = await asyncio.gather(sending, watching, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    async def _send_events(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events) as events:
            await self._respond(events, scope, receive, send)

    async def _respond(self, events: Events, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer in this form; the events are closed afterwards. Every form has its own."""
        raise NotImplementedError


class WholeResponse(GenerationResponse):
    """One JSON object when the answer is complete."""

    async def _respond(self, events: Events, scope: Scope, receive: Receive, send: Send) -> None:
        text = ""
        response = error_response(InternalError())
        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                else:
                    response = JsonBody(self._form.whole(text, event.reason, event.usage))
        except ServerError as error:
            response = error_response(error)
        await response(scope, receive, send)


class StreamedResponse(GenerationResponse):
    """Server-sent events; after the first one, a failure is an event too."""

    async def _respond(self, events: Events, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            first = await anext(events)
        except ServerError as error:
            await error_response(error)(scope, receive, send)
            return
        await self._start(send)
        await _send_bytes(send, encode_opening(self._form) + encode_event(self._form, first))
        try:
            async for event in events:
                await _send_bytes(send, encode_event(self._form, event))
        except ServerError as error:
            await _send_bytes(send, encode_failure(error))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, send: Send) -> None:
        headers = {"content-type": "text/event-stream", **STREAM_HEADERS}
        raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})


async def _send_bytes(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
