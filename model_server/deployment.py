"""The same application as one Ray Serve deployment on this machine. Ray lives here and nowhere else.

API and engine are one deployment: a second hop in front of every token costs more than the token. Ray starts without
its dashboard, on loopback, quiet, with its files in a short-lived directory; when the server ends, nothing is left.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray import serve
from starlette.applications import Starlette

from model_server.api.application import build_application
from model_server.settings import ServerSettings

logger = logging.getLogger("model_server")

MAX_ONGOING_REQUESTS = 10_000  # far above the slots: who waits and who is refused is the engine's decision
NUM_CPUS = 2  # what Ray plans with, not what torch uses
OBJECT_STORE_BYTES = 80 * 1024 * 1024  # Ray's smallest; requests and tokens do not pass through it
END_STREAMS_SECONDS = 3.0
LAST_BYTES_SECONDS = 0.3  # from the replica through Ray's proxy to the client


class ModelServer:
    """The deployment: Ray puts the application in front of it and sets `app`."""

    app: Starlette

    async def end_streams(self) -> None:
        """End every open stream with an error event, and wait until it is on its way."""
        await self.app.state.engine.stop()
        await asyncio.sleep(LAST_BYTES_SECONDS)


def build_deployment(settings: ServerSettings) -> Any:  # ray has no type for a bound application
    """Return the deployment, which Ray makes in a process of its own."""

    def build() -> Starlette:
        return build_application(settings)

    as_deployment: Any = serve.deployment(
        name="model-server",
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        graceful_shutdown_timeout_s=END_STREAMS_SECONDS,
    )
    return as_deployment(serve.ingress(build)(ModelServer)).bind()


def serve_with_ray(settings: ServerSettings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; the caller has made sure that the port is free."""
    os.environ.update(_quiet_environment())
    with TemporaryDirectory(prefix="ts-") as directory:  # Ray's socket names must stay below 108 characters
        try:
            handle = _start(settings, host, port, directory)
            logger.info("Serving %s with Ray at http://%s:%s", settings.model_id, host, port)
            _wait_for_signal()
            handle.end_streams.remote().result(timeout_s=END_STREAMS_SECONDS)
        except (KeyboardInterrupt, TimeoutError):
            logger.info("Stopping at once.")
        finally:
            ray.shutdown()


def _start(settings: ServerSettings, host: str, port: int, directory: str) -> Any:
    ray.init(
        address="local",
        num_cpus=NUM_CPUS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=OBJECT_STORE_BYTES,
        _node_ip_address="127.0.0.1",
        _temp_dir=directory,
    )
    serve.start(
        proxy_location="HeadOnly",
        http_options={"host": host, "port": port},
        logging_config={"log_level": "ERROR", "enable_access_log": False},
    )
    logging.getLogger("ray.serve").setLevel(logging.ERROR)  # serve.start has set it anew
    return serve.run(build_deployment(settings))


def _wait_for_signal() -> None:
    """Return after SIGINT or SIGTERM; set only now, because ray.init sets a handler of its own."""
    stopped = threading.Event()
    handler: Callable[[int, object], None] = lambda number, frame: stopped.set()  # noqa: E731 (the type needs a name)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    stopped.wait()


def _quiet_environment() -> dict[str, str]:
    """Return what Ray's processes read; they import this package from wherever the command was started."""
    repository = str(Path(__file__).resolve().parent.parent)
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, (repository, os.environ.get("PYTHONPATH")))),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_LOG_TO_STDERR": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # leave CUDA visible to a replica that reserves no GPU
    }
