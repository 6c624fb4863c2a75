"""What is to be measured: every cell of the table, and how. Values only, checked when they are made."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Users:
    """Closed loop: so many people, each of whom asks again when the answer has ended."""

    count: int

    def __post_init__(self) -> None:
        _check(self.count >= 1, "at least one user has to ask")

    def __str__(self) -> str:
        return str(self.count)


@dataclass(frozen=True, slots=True)
class Rate:
    """Open loop: so many questions a second, at random (Poisson), however long the answers take."""

    per_second: float

    def __post_init__(self) -> None:
        _check(0 < self.per_second <= 1000, "a rate is above 0 and at most 1,000 questions a second")

    def __str__(self) -> str:
        return f"{self.per_second:g}/s"


@dataclass(frozen=True, slots=True)
class Rounds:
    """Each user asks so often (has so many chats, where chats grow)."""

    count: int

    def __post_init__(self) -> None:
        _check(self.count >= 1, "at least one round has to be asked")


@dataclass(frozen=True, slots=True)
class Seconds:
    """Nobody begins to ask after so long; what is under way then still counts."""

    seconds: float

    def __post_init__(self) -> None:
        _check(0 < self.seconds <= 86_400, "a cell lasts more than 0 seconds and at most a day")


Load = Users | Rate
Length = Rounds | Seconds


@dataclass(frozen=True, slots=True)
class Objective:
    """What an answer must keep to count as good. None: anything will do."""

    milliseconds_per_token: float | None = None
    first_token_milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is borne: seconds for one answer, and the share of questions that may go wrong in a cell."""

    timeout_seconds: float = 120.0
    error_share: float = 0.5

    def __post_init__(self) -> None:
        _check(self.timeout_seconds > 0, "the time limit of an answer is above 0 seconds")
        _check(0 <= self.error_share <= 1, "the share of errors lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Plan:
    """A table: a row for each of `input_words`, a column for each of `loads`. `seed` makes the words."""

    loads: tuple[Load, ...]
    input_words: tuple[int, ...]
    output_tokens: int
    length: Length
    seed: int
    turns: int = 1
    warm_up_requests: int = 2
    limits: Limits = field(default_factory=Limits)
    objective: Objective = field(default_factory=Objective)
    price_per_hour: float | None = None

    def __post_init__(self) -> None:
        _check(bool(self.loads and self.input_words), "there is no cell to measure")
        _check(min(self.input_words, default=1) >= 1, "a question has at least one word")
        _check(self.output_tokens >= 1, "an answer has at least one token")
        _check(self.turns >= 1, "a chat has at least one turn")
        _check(self.warm_up_requests >= 0, "the number of warm-up questions is 0 or more")
        _check(self.price_per_hour is None or self.price_per_hour > 0, "a price is above 0")
        if any(isinstance(load, Rate) for load in self.loads):
            _check(isinstance(self.length, Seconds), "questions at a rate go on for --seconds, not for --rounds")
            _check(self.turns == 1, "chats that grow (--turns) are asked by --users, not at a --rate")

    @property
    def keys(self) -> Iterator["CellKey"]:
        """All cells in the order in which they are measured: a row after the other, the lightest load first."""
        for words in self.input_words:
            for load in self.loads:
                yield CellKey(words, load)


@dataclass(frozen=True, slots=True)
class CellKey:
    """The place of a cell in the table."""

    input_words: int
    load: Load

    def __str__(self) -> str:
        who = f"{self.load} user{'s' * (self.load.count > 1)}" if isinstance(self.load, Users) else f"{self.load}"
        return f"{self.input_words} words, {who}"


def _check(holds: bool, otherwise: str) -> None:
    """Raises ValueError with a reason that a person at the terminal understands."""
    if not holds:
        raise ValueError(otherwise)
