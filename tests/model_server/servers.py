"""Real servers on loopback, ended by the test that started them: subprocesses, or uvicorn in the test's process."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from model_server.http_server import bind

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0  # Ray, on a busy machine


def free_port() -> int:
    """Return a port that nobody listens on; for programs that cannot be given a socket."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running_server(
    *arguments: str, environment: dict[str, str], pass_fds: tuple[int, ...] = (), directory: Path = PROJECT
) -> Iterator[subprocess.Popen[str]]:
    """Start `python -m model_server` with one torch thread; kill it at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "model_server", *arguments],
        cwd=directory,
        env={**os.environ, "TORCH_THREADS": "1", "PYTHONPATH": str(PROJECT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=pass_fds,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    """Return when the server says that it is ready; fail when its process has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {process.communicate()[1]}")
        time.sleep(0.02)
    raise TimeoutError("the server did not become ready")


@asynccontextmanager
async def serving(application: FastAPI) -> AsyncIterator[str]:
    """Put a real uvicorn in front of an application whose engine the test owns; give its address."""
    with bind("127.0.0.1", 0) as listener:
        config = uvicorn.Config(application, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve([listener]))  # not `serve`, which would take pytest's signals
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running
