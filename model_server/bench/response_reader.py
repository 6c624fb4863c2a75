"""Bytes of one HTTP/1.1 response to its body, in pieces of any size. Knows chunked bodies, lengths, and neither.

Just what the load client needs: one response on a connection, no trailers, nothing compressed. Pure.
"""

from __future__ import annotations

from model_server.bench.errors import BenchError

END_OF_HEAD = b"\r\n\r\n"


class ResponseReader:
    """`feed` what arrives; `status` is 0 until the head has been read."""

    def __init__(self) -> None:
        self.status = 0
        self.is_complete = False
        self._waiting = b""  # not yet understood
        self._is_chunked = False
        self._left_bytes: int | None = None  # of the body, or of the chunk with its line end; None: not known

    def feed(self, data: bytes) -> bytes:
        """Return what this piece adds to the body."""
        self._waiting += data
        if not self.status and not self._read_head():
            return b""
        if self._is_chunked:
            return b"".join(iter(self._next_of_chunk, b""))
        body, self._waiting = self._waiting, b""
        if self._left_bytes is not None:
            self._left_bytes -= len(body)
            self.is_complete = self._left_bytes == 0
        return body

    def close(self) -> None:
        """Say that nothing more comes; raise BenchError where something is missing."""
        if self.status and not self._is_chunked and self._left_bytes is None:
            self.is_complete = True
        if not self.is_complete:
            raise BenchError("The server closed the connection before its answer was complete.")

    def _read_head(self) -> bool:
        head, separator, rest = self._waiting.partition(END_OF_HEAD)
        if not separator:
            return False
        lines = head.decode("latin-1").lower().split("\r\n")
        headers = dict(line.replace(" ", "").split(":", 1) for line in lines[1:])
        self.status = int(lines[0].split(" ")[1])
        self._is_chunked = headers.get("transfer-encoding") == "chunked"
        self._left_bytes = int(headers["content-length"]) if "content-length" in headers else None
        self._waiting = rest
        return True

    def _next_of_chunk(self) -> bytes:
        """Return the next part of the body that is there, b"" where there is none."""
        if self._left_bytes is None:
            size, separator, rest = self._waiting.partition(b"\r\n")
            if not separator:
                return b""
            self._left_bytes = int(size.split(b";")[0], 16) + 2
            self._waiting = rest
            self.is_complete = self._left_bytes == 2
        part, self._waiting = self._waiting[: self._left_bytes], self._waiting[self._left_bytes :]
        end = max(self._left_bytes - 2, 0)  # where the line end begins
        self._left_bytes = self._left_bytes - len(part) or None
        return part[:end] or (self._next_of_chunk() if part and not self.is_complete else b"")
