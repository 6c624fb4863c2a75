"""Helpers around a running engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

from model_server.engine.engine import Engine
from model_server.engine.request import Finished, GenerationRequest, SamplingParameters, TextDelta

PATIENCE_SECONDS = 30.0


async def wait_until(condition: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as `condition` holds; fail after a long time."""
    deadline = time.monotonic() + patience_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition never came true")
        await asyncio.sleep(0.001)


async def collect(engine: Engine, request: GenerationRequest) -> tuple[str, Finished]:
    """Return the whole text of a stream and its end."""
    text = ""
    async with aclosing(engine.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            else:
                return text, event
    raise AssertionError("the stream ended without Finished")


def greedy(prompt: tuple[int, ...], max_tokens: int, stop: tuple[str, ...] = ()) -> GenerationRequest:
    return GenerationRequest(prompt, SamplingParameters(max_tokens=max_tokens, temperature=0, stop=stop))
