"""FastAPI around the page: the page itself at `/`, who may see it, and what a machine asks of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.access.gate import Gate, Guard
from app.access.password_guard import PasswordGuard
from app.access.proxy_guard import ProxyGuard
from app.access.sessions import Sessions
from app.access.throttle import LoginThrottle
from app.access_setting import OPEN, AccessSetting
from app.backends.catalog import BackendChoice
from app.content_policy import ContentPolicy
from app.metrics import Metrics
from app.ui.mount import mount_page


def build_server(choices: tuple[BackendChoice, ...], access: AccessSetting = OPEN) -> FastAPI:
    """An ASGI application that closes its backends when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for choice in choices:
            await choice.aclose()

    server = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    metrics = Metrics(choice.label for choice in choices)
    server.add_api_route("/metrics", metrics.metrics)

    @server.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process serves."""
        return {"status": "ok"}

    @server.get("/readyz")
    def readyz() -> dict[str, str]:
        """The page can be used. It can also without a model: it says then what to do."""
        return {"status": "ready"}

    # The last one added is the first to see a request.
    server.add_middleware(metrics.counting_pages)
    guard = _guard(access)
    if guard:
        server.add_middleware(Gate, guard=guard)
    server.add_middleware(ContentPolicy)
    mount_page(server, choices, metrics, has_logout=bool(access.accounts))
    return server


def _guard(access: AccessSetting) -> Guard | None:
    """None: everybody may come in."""
    if access.accounts:
        return PasswordGuard(access.accounts, Sessions(), LoginThrottle())
    return ProxyGuard(access.proxy_header) if access.proxy_header else None
