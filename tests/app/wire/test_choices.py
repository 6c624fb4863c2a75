"""Records of OpenAI's."""

import pytest

from app.errors import StreamInterrupted
from app.generation import FinishReason, Usage
from app.wire.choices import read_choices, read_usage
from app.wire.records import Reading


@pytest.mark.parametrize(
    "choice",
    [{"text": "a"}, {"delta": {"role": "assistant", "content": "a"}}, {"message": {"content": "a"}}],
)
def test_the_text_is_found_in_a_completion_a_chat_and_a_whole_answer(choice: dict[str, object]) -> None:
    assert read_choices({"choices": [choice]}) == Reading("a")


def test_what_the_model_thinks_is_no_text() -> None:
    assert read_choices({"choices": [{"delta": {"reasoning_content": "hm", "content": None}}]}) == Reading("")


def test_a_reason_and_a_usage_are_told() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
    record = {"choices": [{"delta": {}, "finish_reason": "length"}], "usage": usage}
    assert read_choices(record) == Reading("", FinishReason.LENGTH, Usage(5, 2, 3))


def test_an_aborted_answer_is_an_interruption() -> None:
    assert isinstance(read_choices({"choices": [{"text": "a", "finish_reason": "abort"}]}).failure, StreamInterrupted)


def test_the_answer_alone_may_be_counted() -> None:
    assert read_usage({"completion_tokens": 2}) == Usage(None, 2)
    assert read_usage({"prompt_tokens": 5}) is None
