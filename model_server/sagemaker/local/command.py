"""`local`: the model server behind the interfaces of SageMaker, until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import replace

from starlette.applications import Starlette

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.errors import ConfigurationError, ServerError
from model_server.http_server import bind
from model_server.logs import configure_logging
from model_server.sagemaker.local.endpoint_table import EndpointTable
from model_server.sagemaker.local.server import LocalSageMaker
from model_server.settings import load_settings
from model_server.weights import open_checkpoint, resolve_maximum_length

LOADING_POLL_SECONDS = 0.02
READY = (
    "AWS_ENDPOINT_URL={} AWS_REGION=us-west-2 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local make run\n"
    "The local SageMaker is ready; the line above starts the page with its endpoints. Ctrl-C ends it.\n"
)


def serve_local(host: str, port: int, *, has_faults: bool) -> None:
    """Serve the model that the environment names; raises ConfigurationError where that cannot work."""
    settings = load_settings()
    configure_logging(settings, logging.WARNING)
    window_tokens = resolve_maximum_length(open_checkpoint(settings.model_dir), settings.max_model_length)
    table = EndpointTable(settings.model_id, window_tokens)
    endpoints = (*(table.faults() if has_faults else ()), *table.endpoints())
    application = build_application(replace(settings, api_key=None))  # which guards a port that there is not here
    engine: Engine = application.state.engine
    with bind(host, port) as listener:
        asyncio.run(_serve(application, LocalSageMaker(application, endpoints, listener)))
    if engine.is_running:
        os._exit(0)  # it still loads, and torch's own threads would abort an interpreter that ends in good order


async def _serve(application: Starlette, local: LocalSageMaker) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    engine: Engine = application.state.engine
    async with application.router.lifespan_context(application), local:
        while engine.state is EngineState.LOADING and not stopping.is_set():  # noqa: ASYNC110  # it tells only who asks
            await asyncio.sleep(LOADING_POLL_SECONDS)
        if not stopping.is_set():
            _require_ready(engine)
            sys.stdout.write(READY.format(local.url))
            sys.stdout.flush()
        await stopping.wait()


def _require_ready(engine: Engine) -> None:
    try:
        engine.require_ready()
    except ServerError as error:
        raise ConfigurationError(error.user_message) from error
