"""What each token of a vocabulary stands for, as bytes.

Two families of tokenizers are known: byte-level (every byte is a printable character of the vocabulary, as GPT-2 made
them) and sentencepiece (`▁` is a space, `<0xE4>` a byte). Control tokens stand for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from model_server.errors import ConfigurationError

SENTENCEPIECE_SPACE = "\u2581"
BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def piece_table(tokenizer: dict[str, Any]) -> list[bytes]:
    """Return the bytes of each token id, from a parsed tokenizer.json."""
    to_bytes = _choose_family(tokenizer)
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    added = tokenizer.get("added_tokens", [])
    table = [b""] * (max([*vocabulary.values(), *(token["id"] for token in added)]) + 1)
    for text, token in vocabulary.items():
        table[token] = to_bytes(text)
    for token in added:
        table[token["id"]] = b"" if token["special"] else str(token["content"]).encode("utf-8", "replace")
    return table


def _choose_family(tokenizer: dict[str, Any]) -> Callable[[str], bytes]:
    decoder = tokenizer.get("decoder")
    if tokenizer.get("model", {}).get("type") == "BPE":
        if _uses(decoder, "ByteLevel"):
            return _byte_level_piece
        if SENTENCEPIECE_SPACE in json.dumps(decoder, ensure_ascii=False):
            return _sentencepiece_piece
    raise ConfigurationError("tokenizer.json is neither byte-level nor sentencepiece BPE, and no other is supported.")


def _uses(part: Any, kind: str) -> bool:
    if not isinstance(part, dict):
        return False
    return part.get("type") == kind or any(_uses(inner, kind) for inner in part.get("decoders", []))


def _sentencepiece_piece(text: str) -> bytes:
    byte = BYTE_PIECE.fullmatch(text)
    if byte:
        return bytes([int(byte.group(1), 16)])
    return text.replace(SENTENCEPIECE_SPACE, " ").encode("utf-8", "replace")


def _byte_level_piece(text: str) -> bytes:
    if all(character in BYTES_OF_CHARACTERS for character in text):
        return bytes(BYTES_OF_CHARACTERS[character] for character in text)
    return text.encode("utf-8", "replace")


def _byte_level_alphabet() -> dict[str, int]:
    """Return GPT-2's table: printable bytes are themselves, the others follow from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    table = {chr(byte): byte for byte in printable}
    table.update({chr(0x100 + index): byte for index, byte in enumerate(others)})
    return table


BYTES_OF_CHARACTERS = _byte_level_alphabet()
