"""What one replica among several has beside its application: a model it waits for, a name, and metrics of its own.

Ray is not imported here; deployment.py puts it together.
"""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_server.api.metrics import MetricsRoute
from model_server.engine.model import LoadedModel, load_model
from model_server.settings import ServerSettings

logger = logging.getLogger("model_server")


class Loading:
    """Loads the model, and remembers why it could not: Ray shows the reason to whoever deploys."""

    failure = "The engine has failed; the log says why."

    def __init__(self) -> None:
        self._model: LoadedModel | None = None
        self._queue_limit: int | None = None

    def __call__(self, settings: ServerSettings) -> LoadedModel:
        try:
            model = load_model(settings)
        except Exception as error:
            self.failure = f"The model could not be loaded: {error}"
            raise
        self._model = model
        self._apply()
        return model

    def limit_queue(self, queue_limit: int | None) -> None:
        """Let so many requests wait for a slot from now on, as soon as there is a model; None changes nothing."""
        if queue_limit is not None:
            self._queue_limit = queue_limit
            self._apply()

    def _apply(self) -> None:
        """Called by both sides after they have written their part, so that whoever is last finds both."""
        if self._model is not None and self._queue_limit is not None:
            self._model.scheduler.queue_limit = self._queue_limit


class ReplicaHeader:
    """Names the replica in each response: who operates several sees where a chat went."""

    def __init__(self, app: ASGIApp, replica_id: str) -> None:
        self._app = app
        self._replica_id = replica_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-replica-id"] = self._replica_id
            await send(message)

        await self._app(scope, receive, send_named if scope["type"] == "http" else send)


def serve_own_metrics(application: Starlette, settings: ServerSettings) -> None:
    """Open the replica's own port for its metrics; one that cannot be opened is no reason not to answer people."""
    metrics: MetricsRoute = application.state.metrics
    if settings.metrics_port is not None:
        try:
            metrics.listen(settings.metrics_port)
        except OSError as error:
            logger.warning("METRICS_PORT %s cannot be used: %s", settings.metrics_port, error)
