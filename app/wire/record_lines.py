"""Bytes of a container's answer to what its records say, where each record has a line: SSE, JSON lines, whole objects.

Lines end at LF alone and are decoded when they are complete: U+2028, U+0085 and halves of characters are no concern.
What kind a record is, is decided record by record from its fields, never from what is known of the container.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from app.errors import BackendFailed, StreamInterrupted
from app.wire.choices import read_choices
from app.wire.container_error import container_error
from app.wire.lines import LineSplitter
from app.wire.records import NotJson, Reading, as_record, detail_of, json_values
from app.wire.text_generation import read_generation, read_outputs

_LINE_END = re.compile(rb"\r?\n")
_PASSED_OVER = (b":", b"event:", b"id:", b"retry:")
BEGINNINGS = (b"data:", *_PASSED_OVER)
_END = "[DONE]"
_GOOD_CODES = (None, 200)


class RecordLines:
    """Feed it bytes in any pieces. `close` reads a last line that has no end.

    Raises BackendFailed for what cannot be read, and StreamInterrupted where the input ended within a record.
    """

    def __init__(self) -> None:
        self._lines = LineSplitter(_LINE_END)

    def feed(self, chunk: bytes) -> Iterator[Reading]:
        for line in self._lines.feed(chunk):
            yield from _read_line(line.strip())

    def close(self) -> Iterator[Reading]:
        line = self._lines.close().strip()
        if any(beginning.startswith(line) for beginning in BEGINNINGS):
            return
        try:
            yield from _read_line(line)
        except NotJson as error:
            if _payload(line)[:1] in ("{", "["):
                raise StreamInterrupted("the input ended within a record") from error
            raise


def read_record(value: Any) -> Reading:
    """What one record of any dialect says. Raises BackendFailed for one of none, and what an error record tells."""
    if isinstance(value, list) and value:
        value = value[0]  # an answer that is not streamed: one for each prompt, and there was one prompt
    record = as_record(value)
    if record.get("error") or record.get("code") not in _GOOD_CODES:
        raise container_error(json.dumps(record), None)
    if "choices" in record or "usage" in record:
        return read_choices(record)
    if "token" in record or "generated_text" in record:
        return read_generation(record)
    if "outputs" in record:
        return read_outputs(record)
    raise BackendFailed(f"a record of no dialect: {detail_of(record)}")


def _read_line(line: bytes) -> Iterator[Reading]:
    payload = _payload(line)
    if payload == _END:
        yield Reading(is_last=True)
        return
    # Several on one line: LMI puts an error right behind the record before it.
    yield from map(read_record, json_values(payload))


def _payload(line: bytes) -> str:
    if line.startswith(_PASSED_OVER):
        return ""
    return line.removeprefix(b"data:").strip().decode("utf-8", "replace")
