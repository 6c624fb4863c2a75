"""JSON values and fields."""

import pytest

from app.errors import BackendFailed, StreamInterrupted
from app.generation import FinishReason
from app.wire.records import NotJson, as_record, detail_of, failure_of, json_values, optional, reason_of


def test_values_may_stand_one_behind_the_other() -> None:
    assert list(json_values(' {"a": 1}\t[2] "3"\r\n4')) == [{"a": 1}, [2], "3", 4]
    assert list(json_values(" \n")) == []


def test_what_stands_before_the_first_mistake_is_told() -> None:
    values = json_values('{"a": 1}{')
    assert next(values) == {"a": 1}
    with pytest.raises(NotJson):
        next(values)


def test_other_spaces_than_those_of_json_are_a_mistake() -> None:
    with pytest.raises(NotJson):
        list(json_values("1\u2028"))


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000])
def test_what_is_beyond_all_measure_is_a_failure_but_not_a_beginning(text: str) -> None:
    with pytest.raises(BackendFailed) as failure:
        list(json_values(text))
    assert not isinstance(failure.value, NotJson)


def test_a_field_is_there_absent_or_of_another_kind() -> None:
    record = {"text": "a", "null": None}
    assert optional(record, "text", str) == "a"
    assert optional(record, "null", str) is None
    assert optional(record, "other", str) is None
    with pytest.raises(BackendFailed):
        optional(record, "text", int)
    with pytest.raises(BackendFailed):
        as_record([record])


def test_reasons_have_one_name_for_each_end() -> None:
    assert reason_of(None) is None
    assert reason_of("length") is FinishReason.LENGTH
    for name in ("stop", "eos_token", "stop_sequence", "tool_calls"):
        assert reason_of(name) is FinishReason.STOP
        assert failure_of(name) is None
    assert isinstance(failure_of("abort"), StreamInterrupted)


def test_details_are_short() -> None:
    assert len(detail_of("x" * 10_000)) < 1_000
