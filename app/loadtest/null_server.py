"""A server that computes nothing: `/v1/completions` on a known schedule, to measure the load generator itself.

Every event goes out by itself, as a busy model server sends it. Its text is two times in nanoseconds of the clock that
all processes of a machine share: when the event was due, and when it was sent. A program of its own, because in the
generator's process it would take the generator's time.
"""

import argparse
import asyncio
import json
import socket
import sys
import time
from contextlib import suppress

_MODEL = b'{"object":"list","data":[{"id":"null","object":"model","max_model_len":32768}]}'
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n"
_STREAM_HEAD = _HEAD % b"text/event-stream" + b"transfer-encoding: chunked\r\n\r\n"
_EVENT = (
    b'data: {"id":"null","object":"text_completion","created":0,"model":"null",'
    b'"choices":[{"index":0,"text":" %d/%d","logprobs":null,"finish_reason":null}]}\n\n'
)
_END = (
    b'data: {"id":"null","choices":[{"index":0,"text":"","finish_reason":"length"}]}\n\n'
    b'data: {"id":"null","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":%d}}\n\n'
    b"data: [DONE]\n\n"
)


class NullServer:
    """Sends an event to each stream every `interval_seconds`; with 0 as fast as it can, one to each in turn."""

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection until it is closed."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_content_length(head))
                await self._answer_one(head.split(b" ", 2)[1], body, writer)
        writer.close()

    async def _answer_one(self, path: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        if path == b"/v1/completions":
            await self._stream(json.loads(body)["max_tokens"], writer)
        elif path == b"/v1/models":
            writer.write(_HEAD % b"application/json" + b"content-length: %d\r\n\r\n%b" % (len(_MODEL), _MODEL))
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async def _stream(self, tokens: int, writer: asyncio.StreamWriter) -> None:
        began = time.monotonic()
        writer.write(_STREAM_HEAD)
        for index in range(1, tokens + 1):
            due = began + index * self._interval_seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            writer.write(_chunk(_EVENT % (due * 1e9, time.monotonic_ns())))
            await writer.drain()
        writer.write(_chunk(_END % tokens) + b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def serve(listener: socket.socket, interval_seconds: float) -> None:
    """Serves until standard input is closed, so that it cannot outlive who started it."""
    server = await asyncio.start_server(NullServer(interval_seconds).answer, sock=listener, backlog=1024)
    async with server:
        await asyncio.to_thread(sys.stdin.buffer.read)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app.loadtest.null_server", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the number of an inherited listening socket")
    parser.add_argument("--interval-seconds", type=float, required=True)
    given = parser.parse_args()
    asyncio.run(serve(socket.socket(fileno=given.fd), given.interval_seconds))


if __name__ == "__main__":
    main()
