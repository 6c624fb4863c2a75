"""HEAD wherever there is GET, as HTTP wants it: the same status and headers, no body. Pure ASGI.

Except where a GET makes the model write: nobody who only looks should take a slot. There HEAD is 405.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

GENERATING_PATHS = frozenset({"/infer", "/chat"})


class HeadAsGet:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"] in GENERATING_PATHS:
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)
