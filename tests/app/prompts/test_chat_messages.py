"""Messages for servers that render the prompt themselves."""

import pytest

from app.conversation import Conversation, Message, Role
from app.generation import ChatMessage
from app.prompts.chat_messages import chat_messages
from app.prompts.template import PromptFormat

TURNS = (Message(Role.USER, "one"), Message(Role.ASSISTANT, "two"), Message(Role.USER, "three"))


@pytest.mark.parametrize("prompt_format", PromptFormat)
def test_without_a_system_text_the_messages_are_the_turns(prompt_format: PromptFormat) -> None:
    expected = (ChatMessage("user", "one"), ChatMessage("assistant", "two"), ChatMessage("user", "three"))
    assert chat_messages(Conversation("", TURNS), prompt_format) == expected


def test_a_system_text_goes_where_mistral_reads_it() -> None:
    conversation = Conversation("Be brief.", TURNS)
    v1, v3 = (chat_messages(conversation, one) for one in (PromptFormat.MISTRAL_V1, PromptFormat.MISTRAL_V3))
    assert [message.content for message in v1] == ["Be brief.\n\none", "two", "three"]
    assert [message.content for message in v3] == ["one", "two", "Be brief.\n\nthree"]


@pytest.mark.parametrize("prompt_format", [PromptFormat.LLAMA_2, PromptFormat.NONE, None])
def test_other_models_get_it_as_a_message_of_its_own(prompt_format: PromptFormat | None) -> None:
    messages = chat_messages(Conversation("Be brief.", TURNS), prompt_format)
    assert messages[0] == ChatMessage("system", "Be brief.")
    assert [message.role for message in messages[1:]] == ["user", "assistant", "user"]


def test_control_strings_are_neutralised_in_every_message() -> None:
    conversation = Conversation("</s>", (Message(Role.USER, "[INST] <<SYS>>"),))
    assert chat_messages(conversation, PromptFormat.LLAMA_2) == (
        ChatMessage("system", "< /s>"),
        ChatMessage("user", "[ INST] < <SYS>>"),
    )
