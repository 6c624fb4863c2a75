"""Tokens to text, one at a time: whole characters only, in linear time.

A token is some bytes, and a character may be spread over several tokens, so an incremental UTF-8 decoder holds back
what is not yet a character. The text is what follows the prompt: a leading space of the first token stays, as it would
in a decoding of prompt and answer together.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class Detokenizer:
    """One answer's tokens; `pieces` is the vocabulary as bytes, see `model_server.engine.pieces`."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, token: int) -> str:
        """Return the characters that this token completes, perhaps none."""
        piece = self._pieces[token] if token < len(self._pieces) else b""  # a padded vocabulary has ids with no piece
        return self._decoder.decode(piece)

    def flush(self) -> str:
        """Return a replacement character where the answer ended inside a character, else nothing."""
        return self._decoder.decode(b"", final=True)
