"""Plain uvicorn around the application: one process, one listening socket, a quiet end.

Does not parse arguments. uvicorn's access log is off, because an address may tell what somebody asked; the line that
api/request_log.py writes for each request does not.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from model_server.errors import ConfigurationError

LAST_BYTES_SECONDS = 1  # for streams to send their last event when the server stops
BACKLOG = 1024
ENDS_EARLY = "without completing response"  # uvicorn's words


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise ConfigurationError where the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConfigurationError(
            f"The server cannot listen on {host}:{port} ({error}). "
            "Stop what listens there, or choose another port with --port."
        ) from error


def serve(
    application: ASGIApp, listener: socket.socket, end_streams: Callable[[], Awaitable[None]], until_stdin_closes: bool
) -> None:
    """Serve until SIGINT or SIGTERM, or until standard input ends where that is asked for."""
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=LAST_BYTES_SECONDS,
    )
    # said of a plain-text answer that failed half-way, which is cut on purpose so that nobody takes it for whole
    logging.getLogger("uvicorn.error").addFilter(lambda record: ENDS_EARLY not in record.getMessage())
    server = _Server(config, end_streams)
    if until_stdin_closes:
        threading.Thread(target=_stop_when_stdin_closes, args=(server,), daemon=True).start()
    # uvicorn raises the signal that ended it once more, for the handler that was there before
    signal.signal(signal.SIGTERM, _exit_quietly)
    signal.signal(signal.SIGINT, _exit_quietly)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends open streams before it waits for connections, so that each gets its error event."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take the first signal; the end has begun then, takes two seconds at most, and is not to be torn apart."""
        if not self.should_exit:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._end_streams()
        await super().shutdown(sockets)


def _stop_when_stdin_closes(server: uvicorn.Server) -> None:
    while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True


def _exit_quietly(number: int, frame: object) -> None:
    raise SystemExit(0)
