"""Where every random choice of the corpus comes from, and what keeps training and held-out text apart.

A topic asks a ``Source`` for choices and wordings. Two sources with the same seed and split give the same text. It
knows no topic.
"""

import enum
import random
import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

Option = TypeVar("Option")

HELD_OUT_SHARE = 10
"""One value in this many (a name, a pair of numbers) is never seen in training."""

TYPOS_PER_MESSAGE = 0.05


_INDIRECT = (
    *("Could you tell me …?", "Can you tell me …?", "I want to know …", "I'd like to know …."),
    *("Tell me …", "Please tell me …", "Can you explain …?"),
)


class Split(enum.Enum):
    """Which half of the corpus a source may use."""

    TRAIN = "train"
    HELD_OUT = "held_out"


def is_held_out(value: str) -> bool:
    """Say whether training must never contain this value. The answer is the same on every machine."""
    return zlib.crc32(value.lower().encode()) % HELD_OUT_SHARE == 0


class Source:
    """A seeded stream of choices, limited to one split."""

    def __init__(self, seed: int, split: Split = Split.TRAIN) -> None:
        self.random = random.Random(seed)
        self.split = split

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of the options."""
        return options[int(self.random.random() * len(options))]

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.random.random() < probability

    def number(self, lowest: int, highest: int) -> int:
        """Return a whole number between two ends, both included."""
        return self.random.randint(lowest, highest)

    def draw(self, make: Callable[[], Option]) -> Option:
        """Call ``make`` until its result belongs to this split (judged by its text)."""
        while True:
            value = make()
            if is_held_out(str(value)) == (self.split is Split.HELD_OUT):
                return value

    def wording(self, templates: Sequence[str], **fields: object) -> str:
        """Return what a person might type: a template of this split, roughened, then filled.

        The last template of several is the held-out wording: training never uses it.
        """
        if len(templates) == 1:
            template = templates[0]
        elif self.split is Split.HELD_OUT:
            template = templates[-1]
        else:
            template = self.pick(templates[:-1])
        return self._roughen(template).format(**fields)

    def answer(self, templates: Sequence[str], **fields: object) -> str:
        """Return one of the answers, filled."""
        return self.pick(templates).format(**fields)

    def _roughen(self, text: str) -> str:
        """Change case, punctuation, politeness and spelling as hurried people do."""
        if self.chance(0.4):
            return text
        if self.chance(0.12):
            text = self._ask_indirectly(text)
        elif self.chance(0.25):
            text = self._contract(text)
        if self.chance(0.5):
            text = text[0].lower() + text[1:] if self.chance(0.3) else text.lower()
        if self.chance(0.4):
            text = text.rstrip("?.!")
        elif self.chance(0.1):
            text += self.pick(("?", "!", " please", ", please", " :)", "..."))
        if self.chance(0.06) and text[0].isalpha():
            text = (
                self.pick(("Please ", "please ", "Hey, ", "so ", "ok, ", "Hi, ", "Can you tell me: ", "Tell me: "))
                + text
            )
        if self.chance(TYPOS_PER_MESSAGE):
            text = self._misspell(text)
        return text

    def _ask_indirectly(self, text: str) -> str:
        """Turn "What is a token?" into "Could you tell me what a token is?" and the like."""
        opening, _, rest = text.partition(" is ")
        if opening not in ("What", "Who", "Where") or not rest.endswith("?") or len(rest) > 50:
            return text
        asked = f"{opening.lower()} {rest[:-1]} is"
        return self.pick(_INDIRECT).replace("…", asked)

    def _contract(self, text: str) -> str:
        """Write common words shorter, or as Americans do."""
        for long, short in (
            ("What is ", "What's "),
            ("Who is ", "Who's "),
            ("Where is ", "Where's "),
            ("I am ", "I'm "),
        ):
            if text.startswith(long):
                text = self.pick((short, short, short.replace("'", ""))) + text.removeprefix(long)
        return text.replace("colour", "color").replace("favourite", "favorite")

    def _misspell(self, text: str) -> str:
        """Swap, drop or double one letter of one longer word."""
        words = text.split(" ")
        place = self.number(0, len(words) - 1)
        word = words[place]
        if len(word) < 4 or "{" in word or "}" in word:
            return text
        at = self.number(1, len(word) - 2)
        changed = (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
        words[place] = self.pick(changed)
        return " ".join(words)
