"""Messages as programs write them."""

from typing import Any

import pytest

from app.conversation import Message, Role
from app.ui.openai_messages import MessagesUnreadable, read_messages


def test_texts_and_parts_that_are_texts_are_read_and_system_messages_are_joined() -> None:
    system, messages = read_messages(
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": " a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "c", "name": "ignored"},
            {"role": "system", "content": "Be brief."},
        ]
    )
    assert system == "Be kind.\n\nBe brief."
    assert messages == (Message(Role.USER, " ab"), Message(Role.ASSISTANT, "c"))


@pytest.mark.parametrize(
    "value",
    [
        "text",
        None,
        [],
        {},
        {"role": "user"},
        {"role": "tool", "content": "a"},
        {"role": ["user"], "content": "a"},
        {"content": "a"},
        {"role": "user", "content": None},
        {"role": "user", "content": 1},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "secret"}}]},
        {"role": "user", "content": [{"type": "text", "text": 1}]},
        {"role": "user", "content": ["a"]},
    ],
)
def test_anything_else_is_refused_with_its_number_and_without_its_words(value: Any) -> None:
    with pytest.raises(MessagesUnreadable) as error:
        read_messages([{"role": "user", "content": "a"}, value])
    assert "Message 2" in str(error.value)
    assert "secret" not in str(error.value)
