from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from model_server.api.schema import ChatBody, CompletionBody, TokenizeBody
from model_server.engine.chat_template import Message
from model_server.engine.request import SamplingParameters

USER = {"role": "user", "content": "hello"}


def test_fields_become_sampling_parameters() -> None:
    body = CompletionBody.model_validate(
        {"prompt": "x", "temperature": 0, "top_p": 0.5, "top_k": 7, "repetition_penalty": 1.1, "seed": 3, "stop": "a"}
    )
    assert body.sampling(9) == SamplingParameters(9, 0.0, 0.5, 7, 1.1, 3, ("a",))


def test_null_means_not_given_and_unknown_fields_are_ignored() -> None:
    body = CompletionBody.model_validate({"prompt": "x", "temperature": None, "stop": None, "n": None, "user": "me"})
    assert body.sampling(16) == SamplingParameters(16)


def test_ignore_eos_is_handed_on() -> None:
    assert CompletionBody.model_validate({"prompt": "x", "ignore_eos": True}).sampling(1).ignores_end_token


def test_top_k_minus_one_is_the_whole_vocabulary() -> None:
    assert CompletionBody.model_validate({"prompt": "x", "top_k": -1}).sampling(1).top_k == 0


def test_parts_of_a_message_are_one_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    body = ChatBody.model_validate({"messages": [{"role": "user", "content": parts}]})
    assert body.messages[0].message() == Message("user", "ab")


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"temperature": "0.5"},
        {"top_p": 0},
        {"top_k": 1.5},
        {"repetition_penalty": 0},
        {"max_tokens": 0},
        {"stop": ["a"] * 17},
        {"stop": [""]},
        {"stop": 5},
        {"n": 2},
        {"best_of": 3},
        {"logprobs": 5},
        {"logprobs": 0},
        {"echo": True},
        {"suffix": "x"},
        {"presence_penalty": 0.5},
        {"frequency_penalty": -0.5},
        {"logit_bias": {"5": 1}},
        {"repetition_penalty": 1e-300},
        {"use_beam_search": True},
        {"num_beams": 4},
        {"length_penalty": 0.8},
        {"early_stopping": True},
        {"no_repeat_ngram_size": 2},
        {"ignore_eos": "yes"},
        {"stream": "yes"},
        {"prompt": ["a", "b"]},
        {"prompt": "lone \ud800 surrogate"},
    ],
)
def test_a_completion_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CompletionBody.model_validate({"prompt": "x", **change})


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        {"tools": [{"type": "function"}]},
        {"functions": [{"name": "f"}]},
        {"top_logprobs": 2},
        {"min_tokens": 1},
        {"response_format": {"type": "json_object"}},
        {"logprobs": True},
        {"max_completion_tokens": 0},
    ],
)
def test_a_chat_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChatBody.model_validate({"messages": [USER], **change})


def test_a_developer_speaks_as_the_system() -> None:
    body = ChatBody.model_validate({"messages": [{"role": "developer", "content": "Be brief."}, USER]})
    assert [message.message().role for message in body.messages] == ["system", "user"]


def test_neutral_values_of_what_is_not_offered_are_fine() -> None:
    """Clients send them by habit."""
    neutral: dict[str, Any] = {"presence_penalty": 0, "frequency_penalty": 0, "logit_bias": {}, "n": 1, "num_beams": 1}
    neutral.update(use_beam_search=False, length_penalty=1, early_stopping=False, no_repeat_ngram_size=0)
    CompletionBody.model_validate({"prompt": "x", "echo": False, "suffix": None, **neutral})
    ChatBody.model_validate({"messages": [USER], "response_format": {"type": "text"}, "logprobs": False, **neutral})


@pytest.mark.parametrize("body", [{}, {"prompt": "x", "messages": [USER]}])
def test_tokenize_needs_one_of_its_two_forms(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TokenizeBody.model_validate(body)
