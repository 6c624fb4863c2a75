"""Admits whom a proxy in front has let through, as it says in a header.

This trusts whoever can reach the port: it is for a page that only that proxy can reach.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


class ProxyGuard:
    def __init__(self, header: str) -> None:
        self._header = header

    async def answer(self, request: Request) -> Response | None:
        """Exactly one value: two would mean that somebody sent one past a proxy that adds instead of replacing."""
        values = request.headers.getlist(self._header)
        if len(values) == 1 and values[0].strip():
            return None
        sentence = "This page is only for those whom the proxy in front of it has let through. Log in there."
        return PlainTextResponse(sentence, 401, {"cache-control": "no-store"})
