"""An answer that is read when it is complete: plain text, and one JSON object over several lines.

A line of neither is a record, so nothing can be told before the end of input.
"""

import re
from collections.abc import Iterator

from app.errors import BackendFailed, StreamInterrupted
from app.generation import FinishReason
from app.wire.lines import LINE_LIMIT_BYTES
from app.wire.record_lines import BEGINNINGS, read_record
from app.wire.records import NotJson, Reading, json_values

_INDENTED = re.compile(rb"(\[\s*)?\{[ \t]*\r?\n|\[[ \t]*\r?\n")
# Where JSON or a page of HTML begins, no answer in plain text does.
_NO_TEXT = re.compile(rb"[{\[<\xff\x00-\x1f]")


def is_whole_body(head: bytes) -> bool:
    return _INDENTED.match(head) is not None or is_plain_text(head)


def is_plain_text(head: bytes) -> bool:
    return not (
        _NO_TEXT.match(head)
        or any(beginning.startswith(head) or head.startswith(beginning) for beginning in BEGINNINGS)
    )


class WholeBody:
    """Feed it bytes in any pieces; `close` reads them. Raises as RecordLines does."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Reading]:
        self._body += chunk
        if len(self._body) > LINE_LIMIT_BYTES:
            raise BackendFailed(f"a body of more than {LINE_LIMIT_BYTES:,} bytes")
        yield from ()

    def close(self) -> Iterator[Reading]:
        text = self._body.decode("utf-8", "replace")
        try:
            values = list(json_values(text))
        except NotJson as error:
            if not is_plain_text(bytes(self._body[:64])):
                raise StreamInterrupted("the input ended within a record") from error
            yield Reading(text.rstrip(), FinishReason.UNKNOWN, is_last=True)
        else:
            yield from map(read_record, values)
