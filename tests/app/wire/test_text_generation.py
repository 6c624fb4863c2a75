"""Records of TGI's form and of LMI's."""

import pytest

from app.endpoint_errors import ContainerFailed
from app.generation import FinishReason, Usage
from app.wire.records import Reading
from app.wire.text_generation import read_generation, read_outputs


def test_a_null_beside_a_token_is_no_end() -> None:
    record = {"token": {"text": "a", "special": False}, "generated_text": None, "details": None}
    assert read_generation(record) == Reading("a")


@pytest.mark.parametrize("name", ["special", "special_token"])
def test_special_tokens_are_not_shown(name: str) -> None:
    assert read_generation({"token": {"text": "</s>", name: True}}) == Reading("")


def test_the_whole_text_does_not_repeat_the_tokens_and_never_replaces_them() -> None:
    record = {"token": {"text": "a"}, "generated_text": "[INST] hi [/INST]a"}
    assert read_generation(record) == Reading("a", FinishReason.UNKNOWN, is_last=True)


def test_a_reason_alone_is_an_end_because_lmi_leaves_out_an_empty_text() -> None:
    record = {"token": {}, "details": {"finish_reason": "eos_token"}}
    assert read_generation(record) == Reading("", FinishReason.STOP, is_last=True)


def test_the_token_that_lmi_counts_twice_is_counted_once() -> None:
    details = {"finish_reason": "stop", "generated_tokens": 8, "input_length": 7}
    lmi = {"index": 0, "token": {"id": 7, "text": "", "logprob": -0.25}, "generated_text": "a", "details": details}
    tgi = {**lmi, "token": {"id": 7, "text": "", "logprob": -0.25, "special": False}}
    older_lmi = {name: value for name, value in lmi.items() if name != "index"}
    assert read_generation(lmi).usage == Usage(7, 7)
    assert read_generation(tgi).usage == read_generation(older_lmi).usage == Usage(7, 8)


@pytest.mark.parametrize(
    "record",
    [
        {"token": {"id": -1, "text": ""}},
        {"token": {"id": 1, "text": "", "error_msg": "failed"}},
        {"token": {"id": 1, "text": ""}, "details": {"finish_reason": "error"}},
    ],
)
def test_a_failed_token_is_a_failure_that_does_not_repeat_the_prompt(record: dict[str, dict[str, object]]) -> None:
    record = {**record, "details": {**record.get("details", {}), "inputs": "secret"}}
    failure = read_generation(record).failure
    assert isinstance(failure, ContainerFailed)
    assert "secret" not in str(failure)


def test_lines_of_text_may_be_the_last_ones_each() -> None:
    assert read_outputs({"outputs": ["a", "b"]}) == Reading("ab", FinishReason.UNKNOWN)
