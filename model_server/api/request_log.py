"""Names, counts and logs each request: the outermost layer, so that also who is turned away at the door is seen.

A request has the id that its `x-request-id` asks for, if that is well-formed, and a new one otherwise; every response
returns it, and every line that is logged meanwhile has it. When a request is over, one line says how it ended and what
it took. It never holds what somebody wrote, an address as it was sent, or a key. Pure ASGI.
"""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_server.api.guard import OPEN_PATHS
from model_server.api.request_statistics import RequestStatistics
from model_server.api.responses import error_response
from model_server.engine.observation import Observation, Outcome, observe_request, outcome_of_status
from model_server.errors import InternalError
from model_server.logs import current_request_id

logger = logging.getLogger(__name__)

HEADER = "x-request-id"
WELL_FORMED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestLog:
    """`returns_request_id`: off where a proxy in front adds the header itself, as Ray Serve's does."""

    def __init__(self, app: ASGIApp, statistics: RequestStatistics, returns_request_id: bool = True) -> None:
        self._app = app
        self._statistics = statistics
        self._returns_request_id = returns_request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_seconds = time.monotonic()
        request_id = choose_request_id(Headers(scope=scope).get(HEADER, ""))
        token = current_request_id.set(request_id)
        response = _Response(send, request_id if self._returns_request_id else None)
        with observe_request() as observation:
            try:
                await self._answer(scope, receive, response, observation)
            finally:
                if scope["path"] not in OPEN_PATHS:
                    self._tell(scope, response.status, observation, time.monotonic() - started_seconds)
                current_request_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, response: _Response, observation: Observation) -> None:
        try:
            await self._app(scope, receive, response.send)
        except Exception:
            logger.exception("A request failed in a way that was not foreseen.")
            observation.outcome = Outcome.FAILED
            if response.status is not None:
                raise  # the connection is cut, which is all that can be said in the midst of a body
            await error_response(InternalError())(scope, receive, response.send)

    def _tell(self, scope: Scope, status: int | None, observation: Observation, duration_seconds: float) -> None:
        outcome = observation.outcome
        if outcome is None:
            outcome = Outcome.CANCELLED if status is None else outcome_of_status(status)
        self._statistics.add(outcome, duration_seconds)
        if logger.isEnabledFor(logging.INFO):
            route = getattr(scope.get("route"), "path", "unknown")  # the pattern: an address may hold somebody's words
            fields = {"route": route, "status": status, "outcome": outcome.value, **_figures(observation)}
            fields["total_seconds"] = round(duration_seconds, 4)
            logger.info(
                "request", extra={"fields": {name: value for name, value in fields.items() if value is not None}}
            )


class _Response:
    """Passes messages on, adds the id to the first, and remembers the status that was sent."""

    def __init__(self, send: Send, request_id: str | None) -> None:
        self._send = send
        self._request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._request_id is not None:
                MutableHeaders(scope=message)[HEADER] = self._request_id
        await self._send(message)


def choose_request_id(wanted: str) -> str:
    """Return the id that a client wants if it is well-formed, so that it can be logged, or a new one."""
    return wanted if WELL_FORMED.fullmatch(wanted) else uuid.uuid4().hex


def _figures(observation: Observation) -> dict[str, object]:
    """Return the counts and times of the answer; those of a cancelled one may miss its last step."""
    sequence = observation.sequence
    if sequence is None:
        return {}
    since_arrival = {"queue_seconds": sequence.start_seconds, "first_token_seconds": sequence.first_token_seconds}
    return {
        "prompt_tokens": sequence.prompt_length,
        "cached_tokens": sequence.cached_length,
        "generated_tokens": sequence.completion_length,
        **{
            name: None if seconds is None else round(seconds - sequence.arrival_seconds, 4)
            for name, seconds in since_arrival.items()
        },
    }
