"""An application on a real port, in a thread of the test's own process."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


@contextmanager
def serving(build: Callable[[], FastAPI]) -> Iterator[str]:
    """Its address; it ends with the block. What is cut then is no error."""
    listener = socket.create_server(("127.0.0.1", 0))
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        # built here, because Gradio makes itself a loop, and never closes it, where none runs
        options = {"log_level": "critical", "timeout_graceful_shutdown": 1, "access_log": False}
        servers.append(uvicorn.Server(uvicorn.Config(build(), **options)))  # type: ignore[arg-type]
        await servers[0].serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()
