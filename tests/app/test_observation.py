"""A turn is told of as it ends: once, whatever ends it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from app.chat import ChatEvent, Waiting
from app.errors import StreamInterrupted
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.observation import Outcome, observed

END = Finished(FinishReason.STOP, Usage(3, 2))


@dataclass
class Notes:
    told: list[object] = field(default_factory=list)

    def began(self, backend: str) -> None:
        self.told.append("began")

    def first_text(self, backend: str, seconds: float) -> None:
        assert seconds >= 0
        self.told.append("first text")

    def ended(self, backend: str, outcome: Outcome, error: str, usage: Usage | None) -> None:
        self.told.append((backend, outcome, error, usage))


@dataclass
class Events:
    steps: list[ChatEvent | Exception]
    is_closed: bool = False

    async def play(self) -> AsyncGenerator[ChatEvent]:
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.is_closed = True


async def test_an_answer_that_ends_is_finished_with_its_usage() -> None:
    notes, events = Notes(), Events([Waiting("…"), TextDelta("a"), TextDelta("b"), END])
    assert [event async for event in observed(events.play(), "one", notes)] == events.steps
    assert notes.told == ["began", "first text", ("one", Outcome.FINISHED, "", Usage(3, 2))]


async def test_a_closed_answer_is_stopped_and_its_events_are_closed() -> None:
    notes, events = Notes(), Events([TextDelta("a"), TextDelta("b"), END])
    async with aclosing(observed(events.play(), "one", notes)) as watched:
        await anext(watched)
    assert notes.told[-1] == ("one", Outcome.STOPPED, "", None)
    assert events.is_closed


async def test_what_is_closed_after_its_end_is_finished() -> None:
    notes = Notes()
    async with aclosing(observed(Events([END]).play(), "one", notes)) as watched:
        await anext(watched)
    assert notes.told == ["began", ("one", Outcome.FINISHED, "", Usage(3, 2))]


async def test_a_failure_is_told_by_its_class_and_goes_on() -> None:
    notes = Notes()
    with pytest.raises(StreamInterrupted):
        async for _ in observed(Events([TextDelta("a"), StreamInterrupted("secret")]).play(), "one", notes):
            pass
    assert notes.told == ["began", "first text", ("one", Outcome.FAILED, "StreamInterrupted", None)]
