from __future__ import annotations

from typing import Any, Optional, Union

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from model_server.errors import ConfigurationError
from model_server.strict_schema import check_document


class Scaling(BaseModel):
    min_replicas: int = Field(default=1, ge=0)
    max_replicas: int = 1

    @model_validator(mode="after")
    def in_order(self) -> Scaling:
        if self.min_replicas > self.max_replicas:
            raise ValueError("The lowest is above the highest.")
        return self


class Part(BaseModel):
    name: str
    size: int = 1
    # the older spellings, because Ray's schemas have them
    scaling: Optional[Union[dict[str, Any], Scaling]] = None  # noqa: UP007, UP045
    free: dict[str, Any] = {}


class Whole(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    parts: list[Part]
    only: Part | None = None
    long_name: int = Field(default=0, alias="longName")


GOOD = {"parts": [{"name": "a", "scaling": {"max_replicas": 2}, "free": {"any": {"thing": 1}}}], "longName": 1}


def test_a_good_document_passes_and_free_mappings_hold_anything() -> None:
    check_document(Whole, GOOD)
    check_document(Whole, {"parts": [], "long_name": 1, "only": None})


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"part": []}, "part: there is no such key; did you mean parts?"),
        ({"parts": [{"name": "a"}, {"nam": "b"}]}, "parts[1].nam: there is no such key; did you mean name?"),
        ({"parts": [{"name": "a", "xyz": 1}]}, "there is no such key; the keys here are free, name, scaling, size."),
        ({"parts": [], "only": {"size_": 1}}, "only.size_: there is no such key; did you mean size?"),
        (
            {"parts": [{"name": "a", "scaling": {"min": 1}}]},
            "parts[0].scaling.min: there is no such key; did you mean min_replicas?",
        ),
        ({"parts": [], 7: 1}, "7: there is no such key"),
    ],
)
def test_an_unknown_key_is_refused_at_every_level(document: object, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_document(Whole, document)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (3, "the document is 3, but must be a mapping with keys."),
        ({"parts": [None]}, "parts[0] is None, but must be a mapping with keys."),
        ({"parts": None}, "parts is None: input should be a valid list."),
        ({"parts": {"name": "a"}}, "parts is {'name': 'a'}: input should be a valid list."),
        ({"parts": [{}]}, "parts[0].name is missing."),
        ({}, "parts is missing."),
        (
            {"parts": [{"name": "a", "size": "big"}]},
            "parts[0].size is 'big', but must be a number, without quotes.",
        ),
        (
            {"parts": [{"name": "a", "scaling": {"min_replicas": -1}}]},
            "parts[0].scaling.min_replicas is -1: input should be greater than or equal to 0.",
        ),
        (
            {"parts": [{"name": "a", "scaling": {"min_replicas": 3}}]},
            "parts[0].scaling is {'min_replicas': 3}: the lowest is above the highest.",
        ),
    ],
)
def test_a_wrong_value_is_one_sentence_with_its_place(document: object, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_document(Whole, document)
    assert str(raised.value) == sentence


def test_the_document_itself_is_left_as_it_is() -> None:
    class Meddling(BaseModel):
        name: str

        @model_validator(mode="before")
        @classmethod
        def change(cls, values: dict[str, Any]) -> dict[str, Any]:
            values["name"] = "changed"
            return values

    document = {"name": "given"}
    check_document(Meddling, document)
    assert document == {"name": "given"}


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_document(Whole, {"parts": [{"name": "a", "size": "x" * 1000}]})
    assert len(str(raised.value)) < 200
