"""The ASGI application: routes, guards and error handlers around one engine, which lives as long as it does.

The same application runs under uvicorn and in a Ray Serve deployment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.responses import Response

from model_server.api.compatibility import CompatibilityRoutes
from model_server.api.failures import install_error_handlers
from model_server.api.guard import ApiKeyGuard, BodyLimit
from model_server.api.head import HeadAsGet
from model_server.api.invocations import InvocationRoutes
from model_server.api.metrics import MetricsRoute
from model_server.api.openai import OpenAIRoutes
from model_server.api.request_log import RequestLog
from model_server.api.request_statistics import RequestStatistics
from model_server.api.responses import JsonBody
from model_server.engine.engine import Engine
from model_server.settings import ServerSettings


def build_application(
    settings: ServerSettings, engine: Engine | None = None, *, returns_request_id: bool = True
) -> FastAPI:
    """Return the application; its lifespan starts and stops the engine, which is at `application.state.engine`."""
    engine, requests = engine or Engine(settings), RequestStatistics()

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        engine.start()
        try:
            yield
        finally:
            await engine.stop()

    # the interactive pages load their scripts from elsewhere, so there are none; /openapi.json describes the API
    application = FastAPI(title="Twinstream model server", lifespan=lifespan, docs_url=None, redoc_url=None)
    application.state.engine = engine
    application.add_middleware(HeadAsGet)
    application.add_middleware(BodyLimit)
    if settings.api_key is not None:
        application.add_middleware(ApiKeyGuard, api_key=settings.api_key)
    application.add_middleware(RequestLog, statistics=requests, returns_request_id=returns_request_id)  # the outermost
    install_error_handlers(application)
    openai = OpenAIRoutes(engine, settings.model_id)
    for routes in (openai, CompatibilityRoutes(engine), InvocationRoutes(engine, openai)):
        application.include_router(routes.router())

    async def health() -> Response:
        """Say that the process serves."""
        return JsonBody({"status": "ok"})

    async def readiness() -> Response:
        """Say whether the model answers."""
        engine.require_ready()
        return JsonBody({"status": "ready"})

    application.add_api_route("/healthz", health, methods=["GET"], response_model=None)
    application.add_api_route("/readyz", readiness, methods=["GET"], response_model=None)
    metrics = MetricsRoute(settings, engine, requests)
    application.state.metrics = metrics
    application.add_api_route("/metrics", metrics.metrics, methods=["GET"], response_model=None)
    return application
