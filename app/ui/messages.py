"""Between Gradio's message dictionaries and ours, and the answer as it grows on the page.

An assistant's message has two parts: the answer, and a footer that says how it was made. Only the answer is ever read
back into the conversation, so the footer cannot reach a prompt. Content is always typed: a plain string would lose its
indentation in Gradio. Of what Gradio lets pass as `metadata`, an answer uses `id`, which tells its versions apart, and
`status`: `pending` while it is made, `done` where it came to its end, none where it was cut.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never

from app.chat import ChatEvent, Trimmed, Waiting
from app.conversation import Message, Role
from app.errors import ChatError
from app.generation import Finished, FinishReason, TextDelta, Usage
from app.ui.marks import marked, unmarked

# A shorter answer arrives in one or two pieces, and says nothing about speed.
_MEASURABLE_SECONDS = 0.1

# What Gradio's Chatbot takes and gives back; its own type is a TypedDict that it does not fill completely.
PageMessage = dict[str, Any]


class Note(StrEnum):
    """What is being done with the last message; Gradio keeps it in the place of a log, and shows none."""

    CONTINUED = "continued"  # more of this answer was asked for
    AGAIN = "again"  # this question was answered before, and is asked once more
    EDITED = "edited"  # this question stands for another, and for all that came after that
    REFUSED = "refused"  # it was not asked after all; the browser goes back to what it had


def page_message(role: Role, text: str, *footer: str, metadata: dict[str, str] | None = None) -> PageMessage:
    content = [{"type": "text", "text": part} for part in (marked(text), *footer)]
    return {"role": role.value, "metadata": metadata, "content": content, "options": None}


def read_message(message: PageMessage) -> Message:
    """The first part: what was asked or answered, without a footer."""
    return Message(Role(message["role"]), unmarked(message["content"][0]["text"]))


def awaits_answer(history: list[PageMessage]) -> bool:
    """Whether a question was accepted, or an answer to be continued."""
    return bool(history) and (history[-1]["role"] == Role.USER or note_of(history[-1]) is Note.CONTINUED)


def noted(message: PageMessage, note: "Note | None") -> PageMessage:
    """The same message with this note and no other."""
    kept = {key: value for key, value in (message["metadata"] or {}).items() if key != "log"}
    return {**message, "metadata": kept if note is None else {**kept, "log": note.value}}


def note_of(message: PageMessage) -> "Note | None":
    note = (message["metadata"] or {}).get("log")
    return Note(note) if note in list(Note) else None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer at one moment: what has arrived, and what is to be said about it."""

    backend_label: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    text: str = ""
    waiting: str = ""
    trimmed_turns: int = 0
    finished: Finished | None = None
    error: str = ""
    is_stopped: bool = False

    def after(self, events: Iterable[ChatEvent]) -> "Answer":
        answer = self
        for event in events:
            match event:
                case TextDelta():
                    answer = replace(answer, text=answer.text + event.text, waiting="")
                case Finished():
                    answer = replace(answer, finished=event)
                case Waiting():
                    answer = replace(answer, waiting=event.user_message)
                case Trimmed():
                    answer = replace(answer, trimmed_turns=event.turns)
                case _:
                    assert_never(event)
        return answer

    def stopped(self) -> "Answer":
        return self if self.finished else replace(self, is_stopped=True, waiting="")

    def failed(self, error: ChatError) -> "Answer":
        return replace(self, error=error.user_message, waiting="")

    def message(self) -> PageMessage:
        status = "pending" if self.is_under_way else "done" if self.is_whole else ""
        metadata = {"id": self.id, "status": status} if status else {"id": self.id}
        return page_message(Role.ASSISTANT, self.text, self.footer(), metadata=metadata)

    @property
    def is_under_way(self) -> bool:
        return not (self.finished or self.is_stopped or self.error)

    @property
    def is_whole(self) -> bool:
        return self.finished is not None and self.finished.reason is not FinishReason.LENGTH and not self.error

    @property
    def tokens_per_second(self) -> float | None:
        """After the first one. None where nobody counted, or the answer was too short to tell."""
        usage, timings = (self.finished.usage, self.finished.timings) if self.finished else (None, None)
        if usage is None or timings is None or timings.streaming_seconds < _MEASURABLE_SECONDS:
            return None
        return (usage.completion_tokens - 1) / timings.streaming_seconds

    def footer(self) -> str:
        """Markdown, made of our own words and figures only."""
        if self.waiting:
            return f"{self.waiting} This goes on by itself."
        notes = []
        if self.trimmed_turns:
            turns = "oldest turn was" if self.trimmed_turns == 1 else f"{self.trimmed_turns} oldest turns were"
            notes.append(f"The {turns} left out, because the model’s window is full.")
        if self.finished and self.finished.reason is FinishReason.LENGTH:
            notes.append("Cut at the longest answer allowed.")
        if self.is_stopped:
            notes.append("Stopped.")
        if self.error:
            notes.append(f"**{self.error}**")
        return "  \n".join([*notes, *self._figures()])

    def _figures(self) -> list[str]:
        if not self.finished:
            return []
        figures = [self.backend_label]
        usage, timings = self.finished.usage, self.finished.timings
        if usage:
            figures.append(_tokens(usage))
        if timings:
            figures.append(f"first after {timings.first_token_seconds:.2f} s")
        if self.tokens_per_second is not None:
            figures.append(f"{self.tokens_per_second:,.0f} tokens/s")
        return [" · ".join(figures)]


def _tokens(usage: Usage) -> str:
    if usage.prompt_tokens is None:
        return f"{usage.completion_tokens:,} tokens out"
    reused = f" ({usage.cached_tokens:,} reused)" if usage.cached_tokens else ""
    return f"{usage.prompt_tokens:,} tokens in{reused}, {usage.completion_tokens:,} out"
