"""JSON records, and what one of them says, whatever its dialect. What is not as it should be raises BackendFailed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from app.errors import BackendError, BackendFailed, StreamInterrupted
from app.generation import FinishReason, Usage

Value = TypeVar("Value")

# Not strict: some containers' own formatters leave control characters as they are.
_DECODER = json.JSONDecoder(strict=False)
_BLANK = re.compile(r"[ \t\r\n]*")
_DETAIL_LIMIT_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What one record, or the part of it that came, adds to an answer.

    `failure` takes effect after `text`. `is_last`: nothing that matters follows. `is_partial`: the record goes on.
    """

    text: str = ""
    reason: FinishReason | None = None
    usage: Usage | None = None
    failure: BackendError | None = None
    is_last: bool = False
    is_partial: bool = False


def json_values(text: str) -> Iterator[Any]:
    """The values of `text`, one behind the other. Raises BackendFailed at the first that cannot be read."""
    end = len(text)
    start = _blank_end(text, 0)
    while start < end:
        try:
            value, start = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise NotJson(f"not JSON: {text[:_DETAIL_LIMIT_CHARACTERS]!r}") from error
        except (ValueError, RecursionError) as error:
            raise BackendFailed(f"JSON beyond all measure: {error}") from error
        yield value
        start = _blank_end(text, start)


class NotJson(BackendFailed):
    """What came is not JSON, or is only the beginning of it."""


def as_record(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BackendFailed(f"not a JSON object: {detail_of(value)}")
    return value


def optional(record: dict[str, Any], name: str, kind: type[Value]) -> Value | None:
    """The field, None where it is absent or null. Raises BackendFailed where it is something else."""
    value = record.get(name)
    if value is not None and not isinstance(value, kind):
        raise BackendFailed(f"{name} is {detail_of(value)}")
    return value


def detail_of(value: Any) -> str:
    """`value` for the log."""
    return json.dumps(value)[:_DETAIL_LIMIT_CHARACTERS]


def reason_of(name: str | None) -> FinishReason | None:
    """`length`, or one of the many words for a good end. `failure_of` knows the bad ones."""
    if name is None:
        return None
    return FinishReason.LENGTH if name == "length" else FinishReason.STOP


def failure_of(name: str | None) -> BackendError | None:
    return StreamInterrupted("the server aborted the answer") if name == "abort" else None


def _blank_end(text: str, start: int) -> int:
    blank = _BLANK.match(text, start)
    return blank.end() if blank else start
