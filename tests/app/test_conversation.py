"""Turn-taking and trimming."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.conversation import (
    MESSAGE_LIMIT_CHARACTERS,
    Conversation,
    Message,
    Role,
    check_message,
    fit,
)
from app.errors import InvalidMessage, MessageHasTooManyCharacters, MessageTooLong

USER, ASSISTANT = Role.USER, Role.ASSISTANT


def dialogue(*contents: str, system: str = "") -> Conversation:
    roles = [USER, ASSISTANT] * len(contents)
    return Conversation.from_messages(system, map(Message, roles, contents))


async def count_words(conversation: Conversation) -> int:
    return len(" ".join([conversation.system, *(message.content for message in conversation.messages)]).split())


def test_messages_of_one_role_are_joined_by_a_blank_line() -> None:
    messages = [Message(USER, "a"), Message(USER, "b"), Message(ASSISTANT, "c"), Message(USER, "d")]
    joined = Conversation.from_messages("", messages).messages
    assert [message.content for message in joined] == ["a\n\nb", "c", "d"]


def test_an_answer_that_stayed_empty_leaves_no_trace() -> None:
    messages = [Message(USER, "a"), Message(ASSISTANT, ""), Message(USER, "b")]
    assert [message.content for message in Conversation.from_messages("", messages).messages] == ["a\n\nb"]


def test_what_stands_before_the_first_question_is_left_out() -> None:
    messages = [Message(ASSISTANT, "Welcome!"), Message(USER, "a")]
    assert [message.content for message in Conversation.from_messages("", messages).messages] == ["a"]


@pytest.mark.parametrize("messages", [[], [Message(USER, " \n")], [Message(USER, "a"), Message(ASSISTANT, "b")]])
def test_a_conversation_without_a_new_question_is_refused(messages: list[Message]) -> None:
    with pytest.raises(InvalidMessage):
        Conversation.from_messages("", messages)


def test_a_lone_surrogate_becomes_something_that_can_be_sent() -> None:
    conversation = dialogue("a\ud800b", system="\udfff")
    assert conversation.messages[0].content == "a?b"
    assert conversation.system == "?"


@given(st.lists(st.builds(Message, st.sampled_from(Role), st.sampled_from(["", " ", "a", "b c"])), max_size=8))
def test_roles_always_alternate_and_end_with_the_user(messages: list[Message]) -> None:
    newest = Message(USER, "newest")
    roles = [message.role for message in Conversation.from_messages("", [*messages, newest]).messages]
    assert roles == ([USER, ASSISTANT] * len(roles))[: len(roles)]
    assert roles[-1] is USER


def test_a_message_of_a_megabyte_is_refused_with_both_figures() -> None:
    with pytest.raises(MessageHasTooManyCharacters) as refusal:
        check_message("x" * 1_000_000)
    assert "1,000,000" in refusal.value.user_message
    assert f"{MESSAGE_LIMIT_CHARACTERS:,}" in refusal.value.user_message


async def test_a_conversation_that_fits_is_counted_once_and_kept_whole() -> None:
    counts = []

    async def count(conversation: Conversation) -> int:
        counts.append(conversation)
        return await count_words(conversation)

    conversation = dialogue("a", "b", "c")
    assert await fit(conversation, count, 3) == (conversation, 0)
    assert len(counts) == 1


async def test_the_oldest_whole_turns_go_first_and_no_more_than_needed() -> None:
    fitted, dropped = await fit(dialogue("a a", "b", "c", "d", "e", system="s"), count_words, 4)
    assert dropped == 1
    assert [message.content for message in fitted.messages] == ["c", "d", "e"]
    assert fitted.system == "s"


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 20))
async def test_trimming_keeps_as_much_as_fits(lengths: list[int], limit_tokens: int) -> None:
    contents = [text for length in lengths for text in ("q", "w " * length + "w")]
    conversation = dialogue(*contents, "newest")
    fitted, dropped = await fit(conversation, count_words, limit_tokens)
    assert fitted == conversation.without_oldest_turns(dropped)
    assert await count_words(fitted) <= limit_tokens
    if dropped:
        assert await count_words(conversation.without_oldest_turns(dropped - 1)) > limit_tokens


async def test_a_newest_message_that_does_not_fit_alone_is_an_error() -> None:
    with pytest.raises(MessageTooLong) as refusal:
        await fit(dialogue("a", "b", "one two three", system="s"), count_words, 3)
    assert "3" in refusal.value.user_message
