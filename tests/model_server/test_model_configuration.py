from __future__ import annotations

import pytest

from model_server.errors import ConfigurationError
from model_server.model_configuration import parse_model_configuration
from tests.model_server.checkpoints import CONFIGURATION


def test_both_ways_to_write_the_rotary_base_are_read() -> None:
    old = parse_model_configuration({**CONFIGURATION, "rope_theta": 1e6, "rope_scaling": None})
    parameters = {"rope_theta": 1e6, "rope_type": "default"}
    new = parse_model_configuration({**CONFIGURATION, "rope_theta": None, "rope_parameters": parameters})
    assert old.rotary_base == new.rotary_base == 1e6


def test_a_model_without_grouped_heads_has_as_many_key_value_heads() -> None:
    raw = {name: value for name, value in CONFIGURATION.items() if name != "num_key_value_heads"}
    assert (
        parse_model_configuration({**raw, "model_type": "llama"}).key_value_heads
        == CONFIGURATION["num_attention_heads"]
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "gpt2"}, "'gpt2'"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "rope_scaling"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_scaling"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "rope_scaling"),
        ({"attention_bias": True}, "biases"),
        ({"mlp_bias": True}, "biases"),
        ({"quantization_config": {"bits": 4}}, "quantized"),
        ({"hidden_act": "gelu"}, "'gelu'"),
        ({"num_key_value_heads": 3}, "does not divide"),
        ({"head_dim": 7}, "odd head size"),
        ({"hidden_size": None}, "lacks a usable value"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_a_sentence(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        parse_model_configuration({**CONFIGURATION, **change})
