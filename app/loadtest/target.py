"""What is measured: a backend of the page, opened and closed here; the built-in model is started for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from app.backends.base import Backend
from app.backends.embedded import EmbeddedServer, can_embed, start_embedded
from app.backends.ray_serve import RayServeBackend
from app.backends.sagemaker.catalog import sagemaker_catalog
from app.errors import BackendNotReady
from app.generation import GenerationParameters, GenerationRequest
from app.loadtest.errors import LoadtestError
from app.settings import Settings

BUILT_IN = "built-in"
RAY_SERVE = "ray-serve"
SAGEMAKER_PREFIX = "sagemaker:"

_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_START_SECONDS = 120.0


def is_loopback(name: str, settings: Settings) -> bool:
    """Whether this target is surely on this machine, where nobody else pays for it; of SageMaker only boto3 knows."""
    if name == RAY_SERVE and settings.ray_serve_url:
        return urlsplit(settings.ray_serve_url).hostname in _LOOPBACK_HOSTS
    return not name.startswith(SAGEMAKER_PREFIX)


def is_built_in(name: str, settings: Settings) -> bool:
    return name == BUILT_IN or (name == RAY_SERVE and not settings.ray_serve_url)


@asynccontextmanager
async def open_backend(name: str, settings: Settings) -> AsyncIterator[Backend]:
    """Ready to be asked. Raises LoadtestError where there is nothing to start, BackendError where it does not serve."""
    if is_built_in(name, settings):
        async with _built_in() as built_in:
            yield built_in
    elif name.startswith(SAGEMAKER_PREFIX):
        async with aclosing(sagemaker_catalog(settings)) as catalog:
            yield catalog.backend(name.removeprefix(SAGEMAKER_PREFIX))
    else:
        async with aclosing(RayServeBackend(settings.ray_serve_url or "", settings.ray_serve_api_key)) as backend:
            yield backend


@asynccontextmanager
async def _built_in() -> AsyncIterator[Backend]:
    with _built_in_server() as server:
        async with aclosing(RayServeBackend(server.url, server.api_key)) as backend:
            await wait_until_ready(backend)
            yield backend


@contextmanager
def _built_in_server() -> Iterator[EmbeddedServer]:
    if not can_embed():
        raise LoadtestError("The built-in model is not installed here. Set RAY_SERVE_URL and use --backend ray-serve.")
    server = start_embedded()
    try:
        yield server
    finally:
        server.stop()


async def wait_until_ready(backend: Backend) -> None:
    """Until a model that was just started has answered one word. Of no other target is anything asked twice."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    await _answer_one_token(backend)
                    return
                except BackendNotReady as error:
                    await asyncio.sleep(error.retry_after_seconds)
    except TimeoutError as error:
        raise LoadtestError("The built-in model did not start in time. Its own lines above say why.") from error


async def _answer_one_token(backend: Backend) -> None:
    await backend.describe()
    request = GenerationRequest("hi", (), GenerationParameters(max_tokens=1), "start")
    async with aclosing(backend.stream(request)) as events:
        async for _ in events:
            pass
