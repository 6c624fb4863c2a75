"""Asks the model server behind the endpoints: its ASGI application, called in this process, at /invocations.

It is asked in the two forms that it has, `inputs` and `messages`, always for a stream, and its own answer is read into
tokens here; dialects are written elsewhere. Whoever leaves the context has cancelled the request.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Scope

from model_server.sagemaker.local.dialects.base import End, EndReason, Failure, JsonObject, Token

logger = logging.getLogger(__name__)

LOGPROB = -0.25  # of all tokens: the model server tells none
END_TOKEN = "</s>"  # noqa: S105  # not a password
ERROR_KINDS = {422: "validation", 400: "validation", 413: "validation", 429: "overloaded", 503: "overloaded"}
TGI_STATUSES = {"validation": 422, "overloaded": 429, "generation": 424, "incomplete_generation": 500}


@dataclass(frozen=True, slots=True)
class LastToken:
    """The token with which an answer ends, and how it ended."""

    token: Token
    end: End


class Silence:
    """The model server says that it still works."""


ModelEvent = Token | LastToken | Failure | Silence


@asynccontextmanager
async def ask_model(application: ASGIApp, body: JsonObject) -> AsyncIterator[AsyncIterator[ModelEvent]]:
    """Give the events of one answer: tokens, then one LastToken or Failure; no more where the answer was cut off."""
    exchange = _Exchange(json.dumps(_streamed(body)).encode())
    call = asyncio.create_task(exchange.run(application))
    try:
        yield _read_events(exchange)
    finally:
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


def _streamed(body: JsonObject) -> JsonObject:
    if "inputs" not in body:
        return {**body, "stream": True, "stream_options": {"include_usage": True}}
    parameters = {**body.get("parameters", {}), "details": True, "return_full_text": False}
    return {**body, "parameters": parameters, "stream": True}


class _Exchange:
    """One ASGI call: the request as it is read, the response as it comes."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(1)  # a slow client slows the model's stream
        self.status = 0

    async def run(self, application: ASGIApp) -> None:
        try:
            await application(self._scope(), self._receive, self._messages.put)
        except Exception:
            logger.exception("The model server failed in a way that was not foreseen.")
        await self._messages.put(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body; `status` is known with the first chunk."""
        while (message := await self._messages.get()) is not None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                yield message.get("body", b"")

    async def _receive(self) -> Message:
        if self._body is None:
            return await asyncio.Future()  # the call is cancelled when the client goes
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    def _scope(self) -> Scope:
        headers = [(b"content-type", b"application/json")]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/invocations",
            "raw_path": b"/invocations",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": None,
            "server": None,
        }


async def _read_events(exchange: _Exchange) -> AsyncIterator[ModelEvent]:
    reader = _EventReader()
    pending = b""
    async for chunk in exchange.chunks():
        pending += chunk
        if exchange.status != 200:
            continue
        *lines, pending = pending.split(b"\n")
        for line in lines:
            for event in reader.read(line):
                yield event
    if exchange.status != 200:
        yield _refusal(exchange.status, pending)


class _EventReader:
    """Reads the model server's own two streams."""

    def __init__(self) -> None:
        self._count = 0
        self._reason: EndReason | None = None

    def read(self, line: bytes) -> list[ModelEvent]:
        if line.startswith(b":"):
            return [Silence()]
        if not line.startswith(b"data: {"):
            return []
        content = json.loads(line[6:])
        if "error" in content:
            return [_in_band(content)]
        return self._read_tgi(content) if "token" in content else self._read_openai(content)

    def _read_tgi(self, content: JsonObject) -> list[ModelEvent]:
        if content["generated_text"] is None:
            return self._token(content["token"]["text"])
        details = content["details"]
        return self._last(details["finish_reason"], details["generated_tokens"], details["input_length"])

    def _read_openai(self, content: JsonObject) -> list[ModelEvent]:
        if content["choices"]:
            choice = content["choices"][0]
            self._reason = {"stop": "eos_token", "length": "length", None: None}[choice["finish_reason"]]
            return self._token(choice["delta"].get("content"))
        usage = content["usage"]
        return self._last(self._reason or "eos_token", usage["completion_tokens"], usage["prompt_tokens"])

    def _token(self, text: str | None) -> list[ModelEvent]:
        if not text:
            return []
        self._count += 1
        return [Token(self._count, text, LOGPROB)]

    def _last(self, reason: EndReason, generated_tokens: int, prompt_tokens: int) -> list[ModelEvent]:
        is_end_token = reason == "eos_token"
        token = Token(self._count + 1, END_TOKEN if is_end_token else "", LOGPROB, is_end_token)
        return [LastToken(token, End(reason, generated_tokens, prompt_tokens))]


def _refusal(status: int, body: bytes) -> Failure:
    try:
        return _in_band(json.loads(body), status)
    except (ValueError, KeyError, TypeError):
        return Failure(status or 424, ERROR_KINDS.get(status, "generation"), "The container did not answer.")


def _in_band(content: Mapping[str, object], status: int = 424) -> Failure:
    error = content["error"]
    if isinstance(error, dict):
        kind = ERROR_KINDS.get(status, "generation")
        return Failure(TGI_STATUSES.get(kind, status), kind, str(error["message"]))
    kind = str(content.get("error_type", "generation"))
    return Failure(TGI_STATUSES.get(kind, status), kind, str(error))
