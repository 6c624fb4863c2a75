"""The same application as one Ray Serve deployment, on this machine or in a cluster. Ray lives here and nowhere else.

API and engine are one deployment: a second hop in front of every token costs more than the token. What a cluster
imports is `build`; each replica reads its settings from its own environment. On one machine Ray starts without its
dashboard, on loopback, quiet, with its files in a short-lived directory; when the server ends, nothing is left.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from enum import Enum
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray import serve
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ServeDeploySchema
from starlette.applications import Starlette

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.errors import ConfigurationError, ModelFailed
from model_server.logs import configure_logging
from model_server.replica import Loading, ReplicaHeader, serve_own_metrics
from model_server.serve_configuration import (
    DEPLOYMENT_NAME,
    ServeConfiguration,
    queue_limit_in,
    read_configuration,
)
from model_server.settings import load_settings

logger = logging.getLogger("model_server")

MAX_ONGOING_REQUESTS = 10_000  # far above the slots: who waits and who is refused is the engine's decision
OBJECT_STORE_BYTES = 80 * 1024 * 1024  # Ray's smallest; requests and tokens do not pass through it
END_STREAMS_SECONDS = 3.0
LAST_BYTES_SECONDS = 0.3  # from the replica through Ray's proxy to the client
LOADED_POLL_SECONDS = 0.05
ONE_MACHINE_IGNORES = ("rolling_update_percentage",)  # it tells how to replace a deployment that runs


class Ingress(str, Enum):
    """Who listens: each replica itself, or Ray's proxy in front of them all."""

    DIRECT = "direct"
    PROXY = "proxy"


class ModelServer:
    """The deployment: Ray puts the application in front of it and sets `app`."""

    app: Starlette

    async def check_health(self) -> None:
        """Return when the model answers, raise when it never will.

        Ray asks once before it sends requests here, and waits; then every few seconds, and replaces who raises.
        """
        engine: Engine = self.app.state.engine
        while engine.state is EngineState.LOADING:  # noqa: ASYNC110 (its thread has no event for this loop)
            await asyncio.sleep(LOADED_POLL_SECONDS)
        if engine.state is EngineState.FAILED:
            raise ModelFailed(self.app.state.loading.failure)

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Take over what a running replica can change; Ray calls it at the start, and with every new configuration."""
        self.app.state.loading.limit_queue(queue_limit_in(user_config))

    async def end_streams(self) -> None:
        """End every open stream with an error event, and wait until it is on its way."""
        await self.app.state.engine.stop()
        await asyncio.sleep(LAST_BYTES_SECONDS)


def build_replica_application() -> Starlette:
    """Return the application, in the replica's own process and from that process's environment."""
    settings = load_settings()
    configure_logging(settings)
    loading = Loading()
    application = build_application(settings, Engine(settings, loading), returns_request_id=False)
    application.state.loading = loading
    application.add_middleware(ReplicaHeader, replica_id=serve.get_replica_context().replica_id.unique_id)
    serve_own_metrics(application, settings)
    return application


def build(arguments: dict[str, str]) -> Any:  # ray has no type for a bound application
    """Return the application that `import_path` names; Ray lays the options of its configuration over it."""
    if arguments:
        raise ConfigurationError(f"args is {arguments!r}, but must be empty: settings come from the environment.")
    return _deployment({}).bind()


def _deployment(options: dict[str, Any]) -> Any:
    as_deployment: Any = serve.deployment(
        name=DEPLOYMENT_NAME, **{"max_ongoing_requests": MAX_ONGOING_REQUESTS, **options}
    )
    return as_deployment(serve.ingress(build_replica_application)(ModelServer))


def load_configuration(path: Path) -> ServeConfiguration:
    """Return the configuration in the file, checked against Ray's own schema; raise ConfigurationError otherwise."""
    return read_configuration(path, ServeDeploySchema)


def serve_with_ray(configuration: ServeConfiguration, ingress: Ingress, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; the caller has made sure that the port is free."""
    options = _options_on_one_machine(configuration, ingress)
    os.environ.update(_environment(ingress, port))
    with TemporaryDirectory(prefix="ts-") as directory:  # Ray's socket names must stay below 108 characters
        try:
            _start_ray(configuration, ingress, host, port, directory)
            _deploy(configuration, options)
            logger.info("Serving with Ray (%s ingress) at http://%s:%s", ingress.value, host, port)
            threading.Event().wait()
        except (KeyboardInterrupt, SystemExit):  # Ray's own handler exits, while Ray starts
            _end_streams(configuration.application_name)
        finally:
            ray.shutdown()


def _options_on_one_machine(configuration: ServeConfiguration, ingress: Ingress) -> dict[str, Any]:
    """Return the file's options; with direct ingress there is one replica, because there is one port."""
    options = {key: value for key, value in configuration.options.items() if key not in ONE_MACHINE_IGNORES}
    options["max_constructor_retry_count"] = 1  # a checkpoint that cannot be loaded is to be said at once
    if ingress is Ingress.PROXY:
        return options
    if configuration.replicas_at_start > 1:
        raise ConfigurationError(
            f"{configuration.path} asks for {configuration.replicas_at_start} replicas, but with direct ingress one "
            "replica has the port to itself. Add --ingress proxy."
        )
    return {**options, "num_replicas": 1, "autoscaling_config": None}


def _start_ray(configuration: ServeConfiguration, ingress: Ingress, host: str, port: int, directory: str) -> None:
    replicas = configuration.replicas_at_most if ingress is Ingress.PROXY else 1
    # a filter, because serve.start sets the logger's level anew
    logging.getLogger("ray.serve").addFilter(lambda record: record.levelno >= logging.ERROR)
    try:
        ray.init(
            address="local",
            num_cpus=max(1, ceil(replicas * configuration.cpus_per_replica)),  # what Ray plans with, not what is used
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=OBJECT_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            _temp_dir=directory,
        )
        _let_signals_interrupt()
        serve.start(
            proxy_location="HeadOnly",
            # with direct ingress the replica has the port, and Ray's proxy, which it starts all the same, any other
            http_options={**configuration.http_options, "host": host, "port": port if ingress is Ingress.PROXY else 0},
            logging_config={"log_level": "ERROR", "enable_access_log": False},
        )
    except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise ConfigurationError(f"Ray could not start: {_last_line(str(error))}") from error


def _deploy(configuration: ServeConfiguration, options: dict[str, Any]) -> None:
    application = _deployment(options).bind()
    try:
        serve.run(application, name=configuration.application_name, route_prefix=configuration.route_prefix)
    except (RuntimeError, ValueError) as error:
        application_status = serve.status().applications.get(configuration.application_name)
        deployment = application_status and application_status.deployments.get(DEPLOYMENT_NAME)
        reason = deployment.message if deployment else str(error)
        raise ConfigurationError(f"Ray could not start a replica. {_last_line(reason)}") from error


def _last_line(text: str) -> str:
    """Return what stands at the end of Ray's tracebacks, without the name of the error's class."""
    line = text.strip().rpartition("\n")[2].strip()
    kind, colon, rest = line.partition(": ")
    return rest if colon and kind.replace(".", "").isidentifier() else line


def _let_signals_interrupt() -> None:
    """Make SIGTERM what Ctrl-C is, from now on: ray.init has set a handler of its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _end_streams(application_name: str) -> None:
    """End the streams of every replica that there is; a signal may also come while the first one still starts."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the end has begun, and takes seconds at most
    try:
        if ray.is_initialized():
            handle = serve.get_app_handle(application_name)
            handle.broadcast("end_streams").results(timeout_s=END_STREAMS_SECONDS)
    except (RuntimeError, TimeoutError, RayServeException, ray.exceptions.RayError):
        logger.info("Stopping at once.")


def _environment(ingress: Ingress, port: int) -> dict[str, str]:
    """Return what Ray's processes read; they import this package from wherever the command was started."""
    repository = str(Path(__file__).resolve().parent.parent)
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, (repository, os.environ.get("PYTHONPATH")))),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_LOG_TO_STDERR": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # leave CUDA visible to a replica that reserves no GPU
    }
    if ingress is Ingress.DIRECT:
        environment |= {
            "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",  # requests on the replica's main loop; the engine has its own thread
            "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(port),
            "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(port + 1),  # exclusive
            "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.1",  # there is no load balancer to wait for
            "RAY_SERVE_PORT_QUARANTINE_S": "0",  # a replica that is replaced leaves its port to the next
        }
    return environment
