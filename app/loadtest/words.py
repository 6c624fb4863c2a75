"""Texts of so many words, of realistic length, the same for the same seed. Pure but for reading `words.txt`."""

from functools import lru_cache
from pathlib import Path
from random import Random

_SENTENCE_WORDS = 12
# Three of 500 words number a hundred million texts.
_LEADING_WORDS = 3


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[str, ...]:
    words = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split()
    return tuple(dict.fromkeys(words))


def write_words(seed: int, number: int, count: int) -> str:
    """`count` words in sentences. Texts of two numbers that follow each other differ in their first word already.

    So a server cannot have read the beginning of one text when it reads another: the numbers count in the first words,
    the least significant digit first.
    """
    words = list(_vocabulary())
    Random(seed).shuffle(words)
    digits = [number // len(words) ** place % len(words) for place in range(_LEADING_WORDS)]
    source = Random(f"{seed} {number}")
    chosen = [words[digit] for digit in digits] + source.choices(words, k=max(0, count - _LEADING_WORDS))
    return " ".join(_with_full_stops(chosen[:count]))


def _with_full_stops(words: list[str]) -> list[str]:
    last = len(words) - 1
    return [
        f"{word}." if index % _SENTENCE_WORDS == _SENTENCE_WORDS - 1 or index == last else word
        for index, word in enumerate(words)
    ]
