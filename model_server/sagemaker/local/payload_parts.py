"""How an answer is cut into parts: anywhere, as SageMaker is free to. Pure, and the same for the same answer.

A reader that is right for these cuts is right for kinder ones: records are divided in mid-word and in the middle of
characters, some parts are single bytes, some are empty, and the end of one record comes with the beginning of the next.
"""

from __future__ import annotations

from random import Random

SEED = 20  # of all answers: what failed once fails again
EMPTY_PART_SHARE = 0.05
HELD_BACK_SHARE = 0.2
SINGLE_BYTES_SHARE = 0.15
LARGEST_CUTS = 3  # of one block
LARGEST_BYTES = 65_536


class NastyParts:
    """The parts of one answer. What is held back of a piece comes with the next one, or is the `rest`."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = Random(seed)
        self._held = b""

    def cut(self, piece: bytes) -> list[bytes]:
        """Return the next parts; what is held back is never more than one piece."""
        piece, self._held = self._held + piece, b""
        blocks = [piece[start : start + LARGEST_BYTES] for start in range(0, len(piece), LARGEST_BYTES)]
        parts = [part for block in blocks for part in self._cut_block(block)]
        if self._random.random() < EMPTY_PART_SHARE:
            parts.insert(self._random.randrange(len(parts) + 1), b"")
        if len(parts) > 1 and self._random.random() < HELD_BACK_SHARE:
            self._held = parts.pop()
        return parts

    def rest(self) -> list[bytes]:
        """Return what is still held back; perhaps nothing."""
        held, self._held = self._held, b""
        return [held] if held else []

    def _cut_block(self, block: bytes) -> list[bytes]:
        places = self._places(len(block))
        return [block[start:end] for start, end in zip([0, *places], [*places, len(block)], strict=True)]

    def _places(self, length: int) -> list[int]:
        if length < 2:
            return []
        if self._random.random() < SINGLE_BYTES_SHARE:
            start = self._random.randrange(1, length)
            return list(range(start, min(start + 8, length)))
        count = min(self._random.randrange(LARGEST_CUTS + 1), length - 1)
        return sorted(self._random.sample(range(1, length), count))
