"""FastAPI around the page: the page itself at `/`, and what a machine asks of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.backends.catalog import BackendChoice
from app.content_policy import ContentPolicy
from app.ui.mount import mount_page


def build_server(choices: tuple[BackendChoice, ...]) -> FastAPI:
    """An ASGI application that closes its backends when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for choice in choices:
            await choice.aclose()

    server = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @server.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process serves."""
        return {"status": "ok"}

    @server.get("/readyz")
    def readyz() -> dict[str, str]:
        """The page can be used. It can also without a model: it says then what to do."""
        return {"status": "ready"}

    server.add_middleware(ContentPolicy)
    mount_page(server, choices)
    return server
