"""What stands before the routes: the API key and the size of a body, both checked before a body is read. Pure ASGI."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_server.api.responses import error_response
from model_server.errors import InvalidApiKey, RequestTooLarge

# Probes carry no key, nor do scrapes inside a cluster. Metrics say how busy the server is and which model it serves,
# nothing of what anybody asked; where the port is open to the world, the way in is the place to keep them back.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/ping", "/metrics"})
MAXIMUM_BODY_BYTES = 4 * 1024 * 1024


class ApiKeyGuard:
    """Asks for `Authorization: Bearer <key>`, compared in constant time, everywhere but at OPEN_PATHS."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._expected = api_key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(given.encode("latin-1"), self._expected)
            if scheme.lower() != "bearer" or not is_right:
                await error_response(InvalidApiKey())(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses a body above the limit by its declared length, or as soon as more has arrived."""

    def __init__(self, app: ASGIApp, maximum_bytes: int = MAXIMUM_BODY_BYTES) -> None:
        self._app = app
        self._maximum_bytes = maximum_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._maximum_bytes:
            await error_response(RequestTooLarge())(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        received_bytes = 0

        async def receive_within_limit() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._maximum_bytes:
                raise HTTPException(RequestTooLarge.status)  # the only exception that FastAPI lets through here
            return message

        return receive_within_limit
