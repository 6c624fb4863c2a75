"""What the event loop tells the engine's thread, in the order in which it was said."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue

from model_server.engine.generation import Generation


@dataclass(frozen=True, slots=True)
class Submit:
    """Begin with this answer."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody reads this answer any more; it may be over already."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Stop:
    """End every answer, and the thread."""


Command = Submit | Cancel | Stop


def take_commands(inbox: SimpleQueue[Command], waits: bool) -> list[Command]:
    """Return all commands that have arrived; with `waits`, at least one."""
    commands = [inbox.get()] if waits else []
    while not inbox.empty():  # this thread is the only one that takes
        commands.append(inbox.get())
    return commands
