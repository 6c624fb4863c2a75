"""Five hundred streams that fail, are left or are cancelled in every phase: nothing of them stays.

Threads, sockets and what the model is busy with are counted before and after.
"""

import asyncio
import gc
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from app.errors import BackendError
from model_server.sagemaker.local.faults import Fault
from tests.app.backends.sagemaker.local_backend import PATIENCE_SECONDS, REQUEST, Locally, locally
from tests.model_server.sagemaker.local.scripted_model import ScriptedModel

STREAMS = 500
AT_ONCE = 8
SEED = 5
DESCRIPTORS = Path("/proc/self/fd")
# Those that only end when the client goes are cancelled; the one that is slow by its size is left to its own test.
SILENT = (Fault.STALL, Fault.NO_FIRST_BYTE, Fault.SLOW_FIRST_BYTE)
FAULTS = [fault for fault in Fault if fault not in (*SILENT, Fault.ENDLESS_LINE)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


def descriptors() -> int:
    gc.collect()
    return len(list(DESCRIPTORS.iterdir())) if DESCRIPTORS.exists() else 0


async def fail(local: Locally, chance: random.Random) -> str:
    with pytest.raises(BackendError):
        async with aclosing(local.backend(chance.choice(FAULTS).value).stream(REQUEST)) as events:
            async for _ in events:
                pass
    return "failed"


async def leave(local: Locally, chance: random.Random) -> str:
    """Before the first event, after it, or in the middle."""
    async with aclosing(local.backend("chat").stream(REQUEST)) as events:
        for _ in range(chance.randrange(4)):
            await anext(events, None)
    return "left"


async def cancel(local: Locally, chance: random.Random) -> str:
    """At any moment: while it connects, waits for the headers, is silent or flows."""
    name = chance.choice([*(fault.value for fault in SILENT), "chat"])

    async def read() -> None:
        async with aclosing(local.backend(name).stream(REQUEST)) as events:
            async for _ in events:
                pass

    task = asyncio.create_task(read())
    await asyncio.wait({task}, timeout=chance.choice([0, 0.001, 0.01, 0.03]))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return "cancelled"


async def test_five_hundred_mixed_ends_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    model = ScriptedModel()
    before_threads, before_descriptors = set(threading.enumerate()), descriptors()
    chance = random.Random(SEED)
    started = time.monotonic()
    async with locally(monkeypatch, model, slow_seconds=PATIENCE_SECONDS) as local:
        room = asyncio.Semaphore(AT_ONCE)

        async def one() -> str:
            async with room:
                return await chance.choice((fail, leave, cancel))(local, chance)

        kinds = Counter(await asyncio.gather(*(one() for _ in range(STREAMS))))
        seconds = time.monotonic() - started
        await until(lambda: not model.running_count)
        await until(lambda: set(threading.enumerate()) <= before_threads)
    await until(lambda: descriptors() <= before_descriptors)
    assert kinds.total() == STREAMS
    assert min(kinds.values()) > STREAMS / 5
    assert not caplog.records
    print(f"{STREAMS} streams in {seconds:.1f} s: {dict(kinds)}")  # noqa: T201
