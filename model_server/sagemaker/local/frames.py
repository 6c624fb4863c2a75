"""A container's answer as an event stream, and every way in which such a stream can break on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

from model_server.sagemaker.local.container import ContainerAnswer
from model_server.sagemaker.local.event_stream import encode_part
from model_server.sagemaker.local.faults import Fault, last_event
from model_server.sagemaker.local.http_connection import HttpConnection
from model_server.sagemaker.local.payload_parts import NastyParts

FAULT_AFTER_PIECES = 3
EVENT_STREAM = "application/vnd.amazon.eventstream"


class BrokenOff(Exception):
    """The connection was broken off on purpose."""


class FrameWriter:
    """Writes one answer."""

    def __init__(self, connection: HttpConnection, fault: Fault | None) -> None:
        self._connection = connection
        self._fault = fault
        self._parts = NastyParts()

    async def write(self, answer: ContainerAnswer, headers: Mapping[str, str]) -> None:
        await self._start({"Content-Type": EVENT_STREAM, "X-Amzn-SageMaker-Content-Type": answer.media_type, **headers})
        count = 0
        async with aclosing(answer.pieces) as pieces:
            async for piece in pieces:
                await self._send_parts(self._parts.cut(piece))
                count += 1
                if count == FAULT_AFTER_PIECES:
                    await self._break()
        await self._send_parts(self._parts.rest())
        if count < FAULT_AFTER_PIECES:
            await self._break()
        await self._connection.end()

    async def _start(self, headers: Mapping[str, str]) -> None:
        if self._fault is not Fault.NOT_CHUNKED:
            await self._connection.start(200, headers)
            return
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await self._connection.write_raw(f"HTTP/1.1 200 OK\r\n{lines}Connection: close\r\n\r\n".encode())

    async def _send_parts(self, parts: list[bytes]) -> None:
        for part in parts:
            await self._send(encode_part(part))

    async def _send(self, frame: bytes) -> None:
        if self._fault is Fault.NOT_CHUNKED:
            await self._connection.write_raw(frame)
        else:
            await self._connection.write(frame)

    async def _break(self) -> None:
        """Let the fault happen, where it is one of the stream's; raises BrokenOff where nothing more comes."""
        if self._fault is not None:
            await self._send_parts(self._parts.rest())
        event = last_event(self._fault)
        frame = encode_part(b"what does not arrive whole")
        if event is not None:
            await self._connection.write(event)
            await self._connection.end()
            raise BrokenOff
        if self._fault is Fault.STALL:
            await asyncio.Future()  # until the client goes
        if self._fault is Fault.BAD_CHECKSUM:
            await self._connection.write(frame[:-1] + bytes([frame[-1] ^ 1]))
        if self._fault in (Fault.DROP_IN_FRAME, Fault.NOT_CHUNKED):
            await self._send(frame[: len(frame) // 2])
        if self._fault is Fault.RESET:
            self._connection.reset()
        if self._fault in (Fault.DROP, Fault.DROP_IN_FRAME, Fault.NOT_CHUNKED, Fault.RESET):
            raise BrokenOff
