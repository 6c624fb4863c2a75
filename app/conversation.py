"""A conversation as the model should see it: a system text and messages that take turns.

`Conversation.from_messages` brings whatever the page holds into that form, `fit` drops the oldest turns until it fits
the model's window. This file knows no prompt format and no backend.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from app.errors import InvalidMessage, MessageHasTooManyCharacters, MessageTooLong
from app.text import encodable

# A window of 32,768 tokens holds about 130,000 characters of English; what is far beyond any window is refused before
# it is stored, sent or drawn.
MESSAGE_LIMIT_CHARACTERS = 200_000


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", encodable(self.content))


@dataclass(frozen=True, slots=True)
class Conversation:
    """`messages` alternate between user and assistant; the first and the last are the user's."""

    system: str
    messages: tuple[Message, ...]

    def __post_init__(self) -> None:
        roles = [message.role for message in self.messages]
        expected = [Role.USER, Role.ASSISTANT] * (len(roles) // 2) + [Role.USER]
        if roles != expected:
            raise ValueError(f"roles must alternate and begin and end with the user, not {roles}")

    @classmethod
    def from_messages(cls, system: str, messages: Iterable[Message]) -> "Conversation":
        """Messages in any order, brought to take turns as mistral-common does: neighbours of one role are joined by a
        blank line. Answers that stayed empty are left out, and so is what stands before the first question.

        Raises InvalidMessage where the newest message is missing or blank.
        """
        turns = tuple(_joined(_without_orphans(messages)))
        if not turns or turns[-1].role is not Role.USER or not turns[-1].content.strip():
            raise InvalidMessage("there is no new message to answer")
        return cls(encodable(system) if system.strip() else "", turns)

    @property
    def turns(self) -> int:
        """Whole turns before the newest message."""
        return len(self.messages) // 2

    def without_oldest_turns(self, count: int) -> "Conversation":
        return replace(self, messages=self.messages[2 * count :])


def _without_orphans(messages: Iterable[Message]) -> Iterator[Message]:
    seen_user = False
    for message in messages:
        seen_user = seen_user or message.role is Role.USER
        if seen_user and (message.role is Role.USER or message.content.strip(" ")):
            yield message


def _joined(messages: Iterable[Message]) -> Iterator[Message]:
    previous: Message | None = None
    for message in messages:
        if previous is not None and previous.role is message.role:
            previous = Message(message.role, f"{previous.content}\n\n{message.content}")
            continue
        if previous is not None:
            yield previous
        previous = message
    if previous is not None:
        yield previous


def check_message(text: str) -> None:
    """Raises MessageHasTooManyCharacters for a text that no model's window could hold."""
    if len(text) > MESSAGE_LIMIT_CHARACTERS:
        raise MessageHasTooManyCharacters(len(text), MESSAGE_LIMIT_CHARACTERS)


async def fit(
    conversation: Conversation,
    count_tokens: Callable[[Conversation], Awaitable[int]],
    limit_tokens: int,
) -> tuple[Conversation, int]:
    """The conversation with as many of its newest turns as fit `limit_tokens`, and how many old turns were dropped.

    Counts once where everything fits, else as often as a binary search needs. The system text and the newest message
    always stay. Raises MessageTooLong where these alone do not fit.
    """
    if await count_tokens(conversation) <= limit_tokens:
        return conversation, 0
    too_few, enough = 0, conversation.turns
    if await count_tokens(conversation.without_oldest_turns(enough)) > limit_tokens:
        raise MessageTooLong(limit_tokens)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if await count_tokens(conversation.without_oldest_turns(middle)) <= limit_tokens:
            enough = middle
        else:
            too_few = middle
    return conversation.without_oldest_turns(enough), enough
