"""What a turn tells whoever counts turns: that it began, when its first text came, and how it ended. No text, no name.

The counting itself is `app/metrics.py`'s; this file only watches the events go by.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import StrEnum
from typing import Protocol

from app.chat import ChatEvent
from app.generation import Finished, TextDelta, Usage


class Outcome(StrEnum):
    FINISHED = "finished"  # the model ended its answer, or reached the longest one allowed
    STOPPED = "stopped"  # by Stop, a new chat, a closed tab or a cancelled call
    FAILED = "failed"


class TurnObserver(Protocol):
    """`backend` is the label of a line of the sidebar. Every `began` is followed by exactly one `ended`."""

    def began(self, backend: str) -> None: ...

    def first_text(self, backend: str, seconds: float) -> None:
        """After so many seconds, waiting for a model that loads or is busy included."""

    def ended(self, backend: str, outcome: Outcome, error: str, usage: Usage | None) -> None:
        """`error` is the name of an error's class, empty unless it failed; `usage` as the server counted."""


class _Nobody:
    """A TurnObserver that counts nothing."""

    def began(self, backend: str) -> None: ...

    def first_text(self, backend: str, seconds: float) -> None: ...

    def ended(self, backend: str, outcome: Outcome, error: str, usage: Usage | None) -> None: ...


NOBODY: TurnObserver = _Nobody()


async def observed(
    events: AsyncGenerator[ChatEvent], backend: str, observer: TurnObserver
) -> AsyncGenerator[ChatEvent]:
    """The same events. Owns `events`: they are closed when this is."""
    started = time.monotonic()
    outcome, error, usage, has_text = Outcome.STOPPED, "", None, False
    observer.began(backend)
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, TextDelta) and not has_text:
                    has_text = True
                    observer.first_text(backend, time.monotonic() - started)
                if isinstance(event, Finished):
                    outcome, usage = Outcome.FINISHED, event.usage
                yield event
    except Exception as failure:
        outcome, error = Outcome.FAILED, type(failure).__name__
        raise
    finally:
        observer.ended(backend, outcome, error, usage)
