"""Waiting, with a clock that only the waiting itself moves."""

from __future__ import annotations

import io

import pytest

from model_server.sagemaker.lifecycle import waiting
from model_server.sagemaker.lifecycle.waiting import Patience, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def _look_as_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_EVERY_SECONDS", 10.0)


def wait(stream: io.StringIO, changes_after: float, limit_seconds: float) -> tuple[bool, float]:
    clock = Clock()
    patience = Patience(stream, clock.sleep, clock)

    def look() -> str:
        return "InService" if clock.seconds >= changes_after else "Creating"

    return patience.wait(look, lambda status: status == "InService", limit_seconds), clock.seconds


def test_without_a_terminal_there_is_a_line_a_minute() -> None:
    stream = io.StringIO()
    assert wait(stream, 150, 600) == (True, 150)
    assert stream.getvalue().splitlines() == [
        "Creating for 0 s, of at most 10 min 0 s",
        "Creating for 1 min 0 s, of at most 10 min 0 s",
        "Creating for 2 min 0 s, of at most 10 min 0 s",
    ]


def test_on_a_terminal_one_line_moves() -> None:
    stream = Terminal()
    assert wait(stream, 30, 600) == (True, 30)
    assert stream.getvalue().count("\r") == 4
    assert "\n" not in stream.getvalue()


def test_the_limit_ends_it() -> None:
    assert wait(io.StringIO(), 1000, 25) == (False, 25)


def test_times_are_read_by_persons() -> None:
    assert (duration(59.9), duration(200)) == ("59 s", "3 min 20 s")
