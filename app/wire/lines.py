"""Bytes in any pieces to lines of a bounded length: what every dialect of lines begins with."""

import re
from collections.abc import Iterator

from app.errors import BackendFailed

# Ten megabytes on one line are somebody's real answer; far beyond that it is a server gone wrong.
LINE_LIMIT_BYTES = 16 * 1024 * 1024


class LineSplitter:
    """Feed it bytes; it yields each line, without its end, once the end has come.

    `line_end` matches one or two bytes. Raises BackendFailed for a line without an end.
    """

    def __init__(self, line_end: re.Pattern[bytes]) -> None:
        self._line_end = line_end
        self._pending = bytearray()  # a line that has not ended yet

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        # A CR at the very end may be half of a CRLF: it stays pending, so the search begins one byte back.
        searched = max(len(self._pending) - 1, 0)
        self._pending += chunk
        start = 0
        for end in self._line_end.finditer(self._pending, searched):
            if end[0] == b"\r" and end.end() == len(self._pending):
                break
            yield bytes(self._pending[start : end.start()])
            start = end.end()
        del self._pending[:start]
        if len(self._pending) > LINE_LIMIT_BYTES:
            raise BackendFailed(f"a line of more than {LINE_LIMIT_BYTES:,} bytes")

    def close(self) -> bytes:
        """What came after the last line end."""
        return bytes(self._pending)
