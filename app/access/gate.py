"""Stands in front of the whole application and lets nothing through that its guard does not admit.

Gradio's own login leaves routes open and guessing unthrottled; here nothing is left out but the paths named below.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

# What a machine asks that watches the page. None of these has a word of a chat, or a name.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class Guard(Protocol):
    async def answer(self, request: Request) -> Response | None:
        """None: it may pass. Else the answer, given instead of what was asked for."""


class Gate:
    """ASGI middleware. WebSockets, of which this application has none, are refused."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        is_open = scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS
        answer = None if is_open else await self._guard.answer(Request(scope, receive))
        await (answer or self._app)(scope, receive, send)
