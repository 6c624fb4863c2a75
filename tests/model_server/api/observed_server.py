"""A real HTTP server on loopback, in this process, whose engine and clock the test holds."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from prometheus_client.parser import text_string_to_metric_families

from model_server.api.application import build_application
from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.settings import ServerSettings
from tests.model_server.engines import PATIENCE_SECONDS, wait_until

Samples = dict[str, float]


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class ObservedServer:
    http: httpx.AsyncClient
    engine: Engine
    clock: Clock

    async def scrape(self) -> Samples:
        return samples((await self.http.get("/metrics")).text)

    async def outcomes(self) -> dict[str, int]:
        """Return how many requests ended in which way, without those that none ended in."""
        prefix = "twinstream_requests_total{outcome="
        found = {name[len(prefix) : -1]: value for name, value in (await self.scrape()).items() if prefix in name}
        return {name: int(value) for name, value in found.items() if value}

    async def expect_outcomes(self, **expected: int) -> None:
        """Return when exactly these have been counted: a request is, just after its last byte has been sent."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := await self.outcomes()) != expected:
            assert time.monotonic() < deadline, f"{found} are not {expected}"
            await asyncio.sleep(0.005)


@asynccontextmanager
async def observed_server(
    settings: ServerSettings, load: Callable[[ServerSettings], LoadedModel]
) -> AsyncIterator[ObservedServer]:
    """Serve until the end of the block; the model is loaded when it begins."""
    clock = Clock()
    engine = Engine(settings, load, clock)
    application = build_application(settings, engine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(application, log_config=None, access_log=False, ws="none", lifespan="on")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await wait_until(lambda: server.started and engine.state is EngineState.READY)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                yield ObservedServer(http, engine, clock)
        finally:
            server.should_exit = True
            await serving


def samples(text: str) -> Samples:
    """Return the value of each series, by its name and its labels' values: `name{label=value}`."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found
