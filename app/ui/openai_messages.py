"""Reads messages as programs write them for OpenAI's API. Pure."""

from typing import Any

from app.conversation import Message, Role

_FORM = 'each must look like {"role": "user", "content": "text"}, with the role user, assistant or system'


class MessagesUnreadable(ValueError):
    """`MessagesUnreadable(sentence)`"""


def read_messages(values: list[Any]) -> tuple[str, tuple[Message, ...]]:
    """The texts of all system messages, joined by blank lines, and the others in their order."""
    system: list[str] = []
    messages: list[Message] = []
    for number, value in enumerate(values, 1):
        role = value.get("role") if isinstance(value, dict) else None
        text = _text(value["content"]) if isinstance(value, dict) and "content" in value else None
        if text is None or role not in ("system", *Role):
            raise MessagesUnreadable(f"Message {number} cannot be read; {_FORM}.")
        if role == "system":
            system.append(text)
        else:
            messages.append(Message(Role(str(role)), text))
    return "\n\n".join(filter(None, system)), tuple(messages)


def _text(content: object) -> str | None:
    """A text, or a list of parts that are all text. None: something else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in content]
    return "".join(map(str, parts)) if all(isinstance(part, str) for part in parts) else None
