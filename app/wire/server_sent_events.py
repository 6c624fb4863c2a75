"""Bytes of a `text/event-stream` body to the data of its events.

Lines end at LF, CR or CRLF and nowhere else: U+2028 and U+0085 inside a payload are text (httpx's own line reader cuts
there). Only `data` is used; comments, which servers send to keep a connection alive, and other fields are passed over.
"""

import re
from collections.abc import Iterator

from app.wire.lines import LineSplitter

_LINE_END = re.compile(rb"\r\n|\r|\n")


class EventDecoder:
    """Feed it bytes in any pieces; it yields the data of each event once the event's blank line has come.

    Raises BackendFailed for a line without an end.
    """

    def __init__(self) -> None:
        self._lines = LineSplitter(_LINE_END)
        self._data: list[bytes] = []  # the lines of an event that has not ended yet

    def feed(self, chunk: bytes) -> Iterator[str]:
        for line in self._lines.feed(chunk):
            if line:
                self._accept(line)
            elif self._data:
                data, self._data = b"\n".join(self._data), []
                yield data.decode("utf-8", "replace")

    def _accept(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
