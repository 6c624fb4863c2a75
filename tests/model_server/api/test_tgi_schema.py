from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from model_server.api.tgi_schema import TgiBody, TgiParameters
from model_server.engine.request import SamplingParameters

# what the published SageMaker example sends
PUBLISHED: dict[str, Any] = {
    "do_sample": True,
    "top_p": 0.6,
    "temperature": 0.9,
    "top_k": 50,
    "max_new_tokens": 512,
    "repetition_penalty": 1.03,
    "stop": ["</s>"],
    "return_full_text": False,
}


def sampling(**parameters: Any) -> SamplingParameters:
    return TgiParameters.model_validate(parameters).sampling(9)


def test_the_published_parameters_are_understood() -> None:
    assert sampling(**PUBLISHED) == SamplingParameters(9, 0.9, 0.6, 50, 1.03, None, ("</s>",))


@pytest.mark.parametrize(
    ("parameters", "temperature"),
    [
        ({}, 0.0),
        ({"do_sample": False, "temperature": 0.9}, 0.0),
        ({"do_sample": True}, 1.0),
        ({"temperature": 0.9}, 0.9),
        ({"temperature": 0}, 0.0),
        ({"top_k": 50}, 1.0),
        ({"top_p": 0.9}, 1.0),
        ({"seed": 3}, 1.0),
    ],
)
def test_tokens_are_sampled_where_that_is_asked_for(parameters: dict[str, Any], temperature: float) -> None:
    assert sampling(**parameters).temperature == temperature


def test_both_names_of_stop_strings_are_read_once() -> None:
    assert sampling(stop=["a", "b"], stop_sequences=["b", "c"]).stop == ("a", "b", "c")


def test_null_means_not_given_and_unknown_fields_are_ignored() -> None:
    nulls = dict.fromkeys([*TgiParameters.model_fields, "something_new"])
    body = TgiBody.model_validate({"inputs": "x", "parameters": nulls, "stream": None, "options": {}})
    assert body == TgiBody(inputs="x")
    assert TgiBody.model_validate({"inputs": "x", "parameters": None}) == body


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_new_tokens": 0},
        {"max_new_tokens": "20"},
        {"temperature": -1},
        {"temperature": float("nan")},
        {"top_p": 0},
        {"top_p": 1.1},
        {"truncate": 1},
        {"stop": "a string"},
        {"stop": ["a"] * 17},
        {"stop": ["x" * 257]},
        {"stop": ["a"] * 9, "stop_sequences": ["b"] * 17},
        {"best_of": 2},
        {"num_beams": 4},
        {"typical_p": 0.95},
        {"watermark": True},
        {"decoder_input_details": True},
        {"top_n_tokens": 5},
        {"frequency_penalty": 0.1},
        {"grammar": {"type": "json", "value": {}}},
        {"adapter_id": "a"},
        [],
    ],
)
def test_a_wrong_parameter_is_refused(parameters: Any) -> None:
    with pytest.raises(ValidationError):
        TgiBody.model_validate({"inputs": "x", "parameters": parameters})


@pytest.mark.parametrize("inputs", [None, "", 5, ["x"], "lone \ud800 surrogate"])
def test_inputs_must_be_a_text(inputs: Any) -> None:
    with pytest.raises(ValidationError):
        TgiBody.model_validate({"inputs": inputs})
