"""One request's tokens on their way through the model: waiting → prefilling → running → finished.

Owned by the scheduler. Knows nothing of text or streams.
"""

from __future__ import annotations

import math
from array import array
from enum import Enum
from random import Random

from model_server.engine.request import FinishReason, SamplingParameters, Usage


class SequenceState(Enum):
    WAITING = "waiting"
    PREFILLING = "prefilling"  # has a slot, but its prompt is not read to its end
    RUNNING = "running"
    FINISHED = "finished"


class Sequence:
    """The prompt and what was generated, with the slot that holds it while it runs."""

    __slots__ = (
        "arrival_seconds",
        "cached_length",
        "computed_length",
        "deadline_seconds",
        "finish_reason",
        "first_token_seconds",
        "prompt_length",
        "random",
        "sampling",
        "slot",
        "start_seconds",
        "state",
        "tokens",
    )

    def __init__(
        self,
        prompt: tuple[int, ...],
        sampling: SamplingParameters,
        deadline_seconds: float = math.inf,
        arrival_seconds: float = 0.0,
    ) -> None:
        self.tokens = array("q", prompt)  # prompt and answer
        self.prompt_length = len(prompt)
        self.computed_length = 0  # so many of the tokens are in the slot's cache; the last one sampled never is
        self.cached_length = 0  # so many of these were there before
        self.sampling = sampling
        self.deadline_seconds = deadline_seconds  # on the clock of whoever asks the scheduler to expire
        self.arrival_seconds = arrival_seconds  # on the same clock, as the next two
        self.start_seconds: float | None = None  # when it got its slot
        self.first_token_seconds: float | None = None
        self.random = Random(sampling.seed)  # one number per token: a seed gives the same text in any company
        self.state = SequenceState.WAITING
        self.slot: int | None = None
        self.finish_reason: FinishReason | None = None

    @property
    def is_finished(self) -> bool:
        return self.state is SequenceState.FINISHED

    @property
    def completion_length(self) -> int:
        return len(self.tokens) - self.prompt_length

    @property
    def last_token(self) -> int:
        return self.tokens[-1]

    @property
    def last_position(self) -> int:
        return len(self.tokens) - 1

    @property
    def usage(self) -> Usage:
        return Usage(self.prompt_length, self.completion_length, self.cached_length)
