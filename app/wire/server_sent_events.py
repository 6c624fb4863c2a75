"""Bytes of a `text/event-stream` body to the data of its events.

Lines end at LF, CR or CRLF and nowhere else: U+2028 and U+0085 inside a payload are text (httpx's own line reader cuts
there). Only `data` is used; comments, which servers send to keep a connection alive, and other fields are passed over.
"""

import re
from collections.abc import Iterator

from app.errors import BackendFailed

# Ten megabytes on one line are somebody's real answer; far beyond that it is a server gone wrong.
_LINE_LIMIT_BYTES = 16 * 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")


class EventDecoder:
    """Feed it bytes in any pieces; it yields the data of each event once the event's blank line has come.

    Raises BackendFailed for a line without an end.
    """

    def __init__(self) -> None:
        self._pending = bytearray()  # a line that has not ended yet
        self._data: list[bytes] = []  # the lines of an event that has not ended yet

    def feed(self, chunk: bytes) -> Iterator[str]:
        for line in self._lines(chunk):
            if line:
                self._accept(line)
            elif self._data:
                data, self._data = b"\n".join(self._data), []
                yield data.decode("utf-8", "replace")

    def _lines(self, chunk: bytes) -> Iterator[bytes]:
        # A CR at the very end may be half of a CRLF: it stays pending, so the search begins one byte back.
        searched = max(len(self._pending) - 1, 0)
        self._pending += chunk
        start = 0
        for end in _LINE_END.finditer(self._pending, searched):
            if end[0] == b"\r" and end.end() == len(self._pending):
                break
            yield bytes(self._pending[start : end.start()])
            start = end.end()
        del self._pending[:start]
        if len(self._pending) > _LINE_LIMIT_BYTES:
            raise BackendFailed(f"a line of more than {_LINE_LIMIT_BYTES:,} bytes")

    def _accept(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
