"""One HTTP/1.1 connection: requests in, answers out, and every way to break off an answer. h11 knows the protocol.

Answers of unknown length are chunked, and each `write` is on its way when it returns, because AWS's streams are. Does
not know who asks what.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import h11

MAXIMUM_BODY_BYTES = 6_291_456  # SageMaker's
READ_BYTES = 65_536
CONTINUE = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`headers` have small letters. `is_too_large`: the body was longer than SageMaker takes, and is not here."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    is_too_large: bool


class HttpConnection:
    """Used by one task, save that a second may wait until the client goes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.SERVER)

    async def next_request(self) -> HttpRequest | None:
        """Return the next request with its body; None when no more come. Raises h11.RemoteProtocolError."""
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        event = await self._next_event()
        if not isinstance(event, h11.Request):
            return None
        body = bytearray()
        length = 0
        while isinstance(data := await self._next_event(), h11.Data):
            length += len(data.data)
            if length <= MAXIMUM_BODY_BYTES:
                body += data.data
        if not isinstance(data, h11.EndOfMessage):
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        path = event.target.decode("latin-1").partition("?")[0]
        return HttpRequest(event.method.decode(), path, headers, bytes(body), length > MAXIMUM_BODY_BYTES)

    async def wait_until_gone(self) -> None:
        """Return when the client has closed the connection."""
        try:
            while data := await self._reader.read(READ_BYTES):
                self._http.receive_data(data)
        except OSError:
            return

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        await self.start(status, {**headers, "Content-Length": str(len(body))})
        await self.write(body)
        await self.end()

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        await self._send(h11.Response(status_code=status, headers=list(headers.items())))

    async def write(self, content: bytes) -> None:
        await self._send(h11.Data(data=content))

    async def end(self) -> None:
        await self._send(h11.EndOfMessage())

    async def write_raw(self, content: bytes) -> None:
        """Write past the protocol, for answers that are not well-formed; the connection is of no use afterwards."""
        self._writer.write(content)
        await self._writer.drain()

    def reset(self) -> None:
        """Close so that the client sees a reset instead of an end."""
        connected = self._writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """Close in good order; what was written still arrives. An answer that was not ended is cut off."""
        self._writer.close()

    @property
    def is_reusable(self) -> bool:
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _send(self, event: h11.Event) -> None:
        content = self._http.send(event)
        if content:
            self._writer.write(content)
            await self._writer.drain()

    async def _next_event(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if not isinstance(event, type):
                return event
            if event is h11.PAUSED:
                return h11.ConnectionClosed()  # the answer before was not ended: nothing more is read
            if self._http.they_are_waiting_for_100_continue:
                await self._send(CONTINUE)
            self._http.receive_data(await self._reader.read(READ_BYTES))
