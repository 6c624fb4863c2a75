"""An answer that is one JSON object, sent in pieces as its text is made: LMI 0.24 to 0.28, and what is not streamed.

    {"generated_text": "Hel          lo"}      or  ", "details": {…}}      all of it in [ ] where LMI imitates TGI

There is no newline, and the pieces end anywhere: within an escape, between the halves of a surrogate pair. The text is
told as it comes; what stands behind it is read at the end of input.
"""

import codecs
import re
from collections.abc import Iterator

from app.errors import BackendFailed, StreamInterrupted
from app.wire.lines import LINE_LIMIT_BYTES
from app.wire.record_lines import read_record
from app.wire.records import NotJson, Reading, json_values

_OPENING = re.compile(rb'\s*(\[?)\s*\{\s*"generated_text"\s*:\s*"')
_OPENING_LIMIT_BYTES = 64
_SHORTEST_OPENINGS = (b'{"generated_text":"', b'[{"generated_text":"')
_COMPLETE_UNITS = re.compile(r'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+')
_ESCAPE_LIMIT_CHARACTERS = 6
# A high surrogate waits for the low one. A brace may begin an error object that LMI appends within the text.
_UNDECIDED_END = re.compile("[{\ud800-\udbff]\\Z")


def find_opening(head: bytes) -> re.Match[bytes] | None:
    """The opening of such an object. Its end is where the text begins."""
    return _OPENING.match(head)


def may_become_opening(head: bytes) -> bool:
    if len(head) >= _OPENING_LIMIT_BYTES:
        return False
    squeezed = b"".join(head.split())
    return any(opening.startswith(squeezed) for opening in _SHORTEST_OPENINGS)


class JsonPieces:
    """Feed it what follows the opening, in any pieces. Raises as RecordLines does."""

    def __init__(self, opening: re.Match[bytes]) -> None:
        self._record_start = (opening[1] + b'{"generated_text":""').decode()
        self._decode_utf8 = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._escape = ""  # the beginning of one
        self._held = ""  # a character that is not decided yet
        self._is_text_complete = False
        self._behind: list[str] = []  # what stands behind the text
        self._behind_length = 0

    def feed(self, chunk: bytes) -> Iterator[Reading]:
        text = self._decode_utf8(chunk)
        if not self._is_text_complete:
            shown, text = self._read_text(self._escape + text)
            yield Reading(shown, is_partial=True)
        self._behind.append(text)
        self._behind_length += len(text)
        if self._behind_length > LINE_LIMIT_BYTES:
            raise BackendFailed(f"more than {LINE_LIMIT_BYTES:,} characters behind the text")

    def close(self) -> Iterator[Reading]:
        behind = "".join(self._behind) + self._decode_utf8(b"", True)
        next_character = behind.lstrip()[:1]
        is_error = self._held == "{" and self._is_text_complete and next_character not in ("", "}", ",")
        if not is_error:
            yield Reading(self._held, is_partial=True)
        if not self._is_text_complete:
            raise StreamInterrupted("the input ended within the text")
        try:
            yield from map(read_record, json_values(('{"' if is_error else self._record_start) + behind))
        except NotJson as error:
            if is_error or next_character in ("", "}", ",", "]"):
                raise StreamInterrupted("the input ended behind the text") from error
            raise

    def _read_text(self, text: str) -> tuple[str, str]:
        """The text that is certain, and what stands behind it, once it is complete."""
        units = _COMPLETE_UNITS.match(text)
        end = units.end() if units else 0
        shown = _merge_surrogates(self._held + _unescape(text[:end]))
        undecided = _UNDECIDED_END.search(shown)
        self._held = undecided[0] if undecided else ""
        self._is_text_complete = text.startswith('"', end)
        self._escape = "" if self._is_text_complete else text[end:]
        if len(self._escape) >= _ESCAPE_LIMIT_CHARACTERS:
            raise BackendFailed(f"not an escape: {self._escape[:_ESCAPE_LIMIT_CHARACTERS]!r}")
        return shown.removesuffix(self._held), text[end + 1 :] if self._is_text_complete else ""


def _unescape(text: str) -> str:
    [value] = json_values(f'"{text}"')
    return str(value)


def _merge_surrogates(text: str) -> str:
    """Two escapes that came in different pieces are still one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
