from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model_server.errors import ConfigurationError
from model_server.executors.neuron_shape import NeuronShape, buckets, core_bytes, shape_for
from model_server.model_configuration import parse_model_configuration
from model_server.weights import Checkpoint, open_checkpoint

MISTRAL_7B = parse_model_configuration(
    {
        "model_type": "mistral",
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 32768,
        "rope_theta": 1e6,
        "sliding_window": None,
    }
)
MISTRAL = Checkpoint(Path("mistral"), MISTRAL_7B, {}, MISTRAL_7B.tensor_shapes(), frozenset({2}))
GIBIBYTE = 1024**3


@pytest.mark.parametrize(
    ("maximum_length", "prompt_buckets", "decode_buckets"),
    [
        (4096, [128, 256, 512, 1024, 2048, 4096], [512, 1024, 2048, 4096]),
        (3000, [128, 256, 512, 1024, 2048, 3000], [512, 1024, 2048, 3000]),
        (128, [128], [128]),
        (64, [64], [64]),
    ],
)
def test_lengths_double_up_to_the_whole_window(
    maximum_length: int, prompt_buckets: list[int], decode_buckets: list[int]
) -> None:
    shape = NeuronShape(4, maximum_length, 2)
    assert shape.prompt_buckets == buckets(maximum_length) == prompt_buckets
    assert shape.decode_buckets == decode_buckets


def test_mistral_7b_takes_the_memory_that_was_published() -> None:
    """14.5 GB of weights in bfloat16, without the embeddings, and 128 KiB of cache for each token."""
    assert core_bytes(MISTRAL, NeuronShape(1, 1, 1)) == 2 * (7_241_732_096 - 32000 * 4096) + 128 * 1024
    both = core_bytes(MISTRAL, NeuronShape(4, 4096, 1)) - core_bytes(MISTRAL, NeuronShape(0, 4096, 1))
    assert both == 2 * GIBIBYTE
    assert core_bytes(MISTRAL, NeuronShape(4, 4096, 2)) * 2 == core_bytes(MISTRAL, NeuronShape(4, 4096, 1))


def test_tied_embeddings_are_on_the_device_as_the_output(checkpoint_dir: Path) -> None:
    checkpoint = open_checkpoint(checkpoint_dir)
    assert core_bytes(checkpoint, NeuronShape(0, 300, 1)) == 2 * checkpoint.parameter_count


def test_what_no_core_can_hold_is_refused_with_all_that_can_be_changed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        shape_for(MISTRAL, slots=8, maximum_length=32768, cores=2)
    for part in ("SLOTS=8", "MAX_MODEL_LENGTH=32768", "NEURON_CORES=2", "22.6 GiB", "which has 16"):
        assert part in caught.value.user_message
    assert shape_for(MISTRAL, 8, 32768, 8) == NeuronShape(8, 32768, 8)
    assert shape_for(MISTRAL, 4, 4096, 2) == NeuronShape(4, 4096, 2)


def test_heads_that_cannot_be_divided_are_refused_because_the_library_would_copy_them() -> None:
    checkpoint = replace(MISTRAL, configuration=replace(MISTRAL_7B, key_value_heads=2))
    with pytest.raises(ConfigurationError, match="NEURON_CORES is 4, over which the 2 key-value heads"):
        shape_for(checkpoint, 1, 128, 4)
