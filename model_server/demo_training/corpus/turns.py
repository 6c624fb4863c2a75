"""The values that topics make: a turn, a dialogue, and a table row of questions and answers.

``expected`` is what an answer must contain to be right; evaluation reads it, training does not. An answer that is not
to be learned (because it was stopped half-way) only stands in the history.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from model_server.demo_training.corpus.source import Source


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the person and the answer to it."""

    user: str
    assistant: str
    expected: tuple[str, ...] = ()
    is_learned: bool = True

    def __post_init__(self) -> None:
        if not self.user or not self.assistant:
            raise ValueError("a turn needs a message and an answer")

    def accepts(self, answer: str) -> bool:
        """Say whether an answer contains everything that is expected, as whole words (a plural s is forgiven)."""
        found = (re.search(rf"(?<!\w){re.escape(part)}s?(?!\w)", answer, re.IGNORECASE) for part in self.expected)
        return all(found)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation: an optional system text, then turns."""

    turns: tuple[Turn, ...]
    system: str = ""

    def __post_init__(self) -> None:
        if not self.turns:
            raise ValueError("a dialogue needs at least one turn")


Topic = Callable[[Source], Turn]
"""Every topic is a function that makes one turn."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Questions that mean the same, and answers that all fit. The last question is held out of training."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    expected: tuple[str, ...] = ()

    def turn(self, source: Source) -> Turn:
        """Return one wording of the question with one of the answers."""
        return Turn(source.wording(self.questions), source.pick(self.answers), self.expected)
