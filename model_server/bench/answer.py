"""What one answer was, from its recorded bytes: when text came, how many tokens. Read after the clock has stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from model_server.bench.errors import BenchError
from model_server.bench.response_reader import ResponseReader

Arrival = tuple[float, bytes]  # seconds, and what the socket gave then

DATA = b"data:"
DONE = b"[DONE]"
LONGEST_EXCERPT = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """One streamed answer. `text_seconds` are the times, counted from the request, of all events that carried text."""

    text: str
    text_seconds: tuple[float, ...]
    end_seconds: float
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int

    @property
    def first_text_seconds(self) -> float:
        return self.text_seconds[0]

    @property
    def gap_seconds(self) -> list[float]:
        """The times between two events with text; an event that carries several tokens counts once."""
        return [later - earlier for earlier, later in pairwise(self.text_seconds)]


def read_answer(began_seconds: float, arrivals: Iterable[Arrival]) -> Answer:
    """Return the answer that arrived; raise BenchError for one that failed or is not complete."""
    texts: list[tuple[float, str]] = []
    usage: dict[str, Any] = {}
    last = began_seconds
    for at_seconds, event in _events(arrivals):
        last = at_seconds
        if "error" in event:
            raise BenchError(f"The server sent an error: {event['error']}")
        text = "".join(choice.get("text") or "" for choice in event.get("choices", []))
        if text:
            texts.append((at_seconds, text))
        usage = event.get("usage") or usage
    if not texts or not usage:
        raise BenchError("The server's answer has no text, or does not say how many tokens it has.")
    return Answer(
        text="".join(text for _, text in texts),
        text_seconds=tuple(at_seconds - began_seconds for at_seconds, _ in texts),
        end_seconds=last - began_seconds,
        prompt_tokens=int(usage["prompt_tokens"]),
        completion_tokens=int(usage["completion_tokens"]),
        cached_tokens=int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0),
    )


def _events(arrivals: Iterable[Arrival]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield each server-sent event with the time at which its last byte came."""
    reader = ResponseReader()
    waiting = b""
    for at_seconds, data in arrivals:
        waiting += reader.feed(data)
        *lines, waiting = waiting.split(b"\n")
        if reader.status not in (0, 200):
            continue
        for line in lines:
            content = line.removeprefix(DATA).strip()
            if line.startswith(DATA) and content != DONE:
                yield at_seconds, json.loads(content)
    if reader.status not in (0, 200):
        excerpt = waiting[:LONGEST_EXCERPT].decode("utf-8", "replace")
        raise BenchError(f"The server answered with status {reader.status}: {excerpt}")
    reader.close()
