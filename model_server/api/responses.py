"""HTTP responses of the engine's events: a stream, or one whole answer.

No status is sent before the first event or the first keep-alive, so that early failures keep theirs: whoever is refused
is told at once, and who waits longer than that gets 200 and comments. While an answer is awaited the connection is
watched, so that a client that goes away frees its slot at once, also before the first token.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from model_server.api.answers import Json, error_object
from model_server.api.sse import encode_json
from model_server.api.stream_body import StreamBody
from model_server.engine.request import Finished, TextDelta
from model_server.errors import InternalError, ServerError

Events = AsyncGenerator[TextDelta | Finished, None]

Refuse = Callable[[ServerError], Response]

KEEP_ALIVE_SECONDS = 15.0  # half of the shortest idle limit that proxies are known for, 30 s; most have 60 s


class JsonBody(Response):
    """A body of compact ASCII JSON."""

    media_type = "application/json"

    def render(self, content: Json) -> bytes:
        return encode_json(content)


def error_response(error: ServerError) -> JsonBody:
    """Return OpenAI's error object with the error's status."""
    headers = {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}
    return JsonBody(error_object(error), error.status, headers)


class GenerationResponse(Response):
    """The base of both: runs until it is done or the client has gone. `refuse` makes errors that come early."""

    def __init__(self, events: Events, refuse: Refuse | None = None) -> None:
        super().__init__()
        self._events = events
        self._refuse = refuse or error_response

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
    """One body when the answer is complete, made by `render` of its text and its end."""

    def __init__(
        self, events: Events, render: Callable[[str, Finished], Response], refuse: Refuse | None = None
    ) -> None:
        super().__init__(events, refuse)
        self._render = render

    async def _respond(self, events: Events, scope: Scope, receive: Receive, send: Send) -> None:
        text = ""
        response = self._refuse(InternalError())
        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                else:
                    response = self._render(text, event)
        except ServerError as error:
            response = self._refuse(error)
        await response(scope, receive, send)


class StreamForm(Protocol):
    """How one streamed answer is written; made for this answer, so it may count."""

    media_type: str
    keep_alive: bytes  # what may be written while there is no text; empty where the form has no such thing

    def opening(self) -> bytes:
        """Return what comes before the first event; perhaps nothing."""

    def encode(self, event: TextDelta | Finished) -> bytes:
        """Return the bytes of one event."""

    def failure(self, error: ServerError) -> bytes | None:
        """Return how a failure ends the body; None where the form cannot say it, so that the connection is cut."""


class StreamedResponse(GenerationResponse):
    """A body in pieces; once it is open, a failure is a part of it."""

    def __init__(
        self,
        events: Events,
        form: StreamForm,
        refuse: Refuse | None = None,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        super().__init__(events, refuse)
        self._form = form
        self._keep_alive_seconds = keep_alive_seconds

    async def _respond(self, events: Events, scope: Scope, receive: Receive, send: Send) -> None:
        body = StreamBody(send, self._form.media_type)
        try:
            async with body.kept_alive(self._form.keep_alive, self._keep_alive_seconds):
                await self._write_events(events, body)
        except ServerError as error:
            if not body.is_open:
                await self._refuse(error)(scope, receive, send)
                return
            failure = self._form.failure(error)
            if failure is None:
                return  # without an end: the server closes the connection, and no client takes this for an answer
            await body.write(failure)
        await body.end()

    async def _write_events(self, events: Events, body: StreamBody) -> None:
        opening = self._form.opening()
        async for event in events:
            await body.write(opening + self._form.encode(event))
            opening = b""


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
