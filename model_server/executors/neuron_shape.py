"""What is compiled for Inferentia: how many slots of what length on how many cores, in which buckets.

A graph has a fixed size, so the lengths that a server can meet are rounded up to a few. Pure: what plans, what compiles
and what serves ask here, so that all three mean the same graphs. Does not import the device library.
"""

from __future__ import annotations

from dataclasses import dataclass

from model_server.errors import ConfigurationError
from model_server.weights import Checkpoint

# A prompt is computed for its whole bucket, so that small ones pay for short prompts. A decode reads all weights (14 GB
# for Mistral-7B) and one bucket of the cache (64 MiB a slot for 512 tokens), so that below 512 nothing would be saved.
# Doubling wastes at most half, and keeps the graphs few: each is compiled for minutes and takes memory on the device.
SMALLEST_PROMPT_BUCKET = 128
SMALLEST_DECODE_BUCKET = 512

BYTES_PER_NUMBER = 2  # bfloat16
CORE_MEMORY_BYTES = 16 * 1024**3  # an Inferentia2 has two cores and 32 GiB


@dataclass(frozen=True, slots=True)
class NeuronShape:
    """Lengths in tokens. Anything compiled for one shape is of no use to another."""

    slots: int
    maximum_length: int
    cores: int

    @property
    def prompt_buckets(self) -> list[int]:
        return buckets(self.maximum_length, SMALLEST_PROMPT_BUCKET)

    @property
    def decode_buckets(self) -> list[int]:
        return buckets(self.maximum_length, SMALLEST_DECODE_BUCKET)


def buckets(maximum_length: int, smallest: int = SMALLEST_PROMPT_BUCKET) -> list[int]:
    """Return `smallest` and its doublings below `maximum_length`, then `maximum_length` itself."""
    lengths = []
    while smallest < maximum_length:
        lengths.append(smallest)
        smallest *= 2
    return [*lengths, maximum_length]


def shape_for(checkpoint: Checkpoint, slots: int, maximum_length: int, cores: int) -> NeuronShape:
    """Return the shape that serves this; raise ConfigurationError where the device cannot hold it."""
    configuration = checkpoint.configuration
    if configuration.key_value_heads % cores:
        # the library would go on, with a copy of the key-value heads for every query head: four times the cache
        raise ConfigurationError(
            f"NEURON_CORES is {cores}, over which the {configuration.key_value_heads} key-value heads of this "
            "checkpoint cannot be divided evenly. Set a divisor of their number."
        )
    shape = NeuronShape(slots, maximum_length, cores)
    needed = core_bytes(checkpoint, shape)
    if needed > CORE_MEMORY_BYTES:
        raise ConfigurationError(
            f"SLOTS={slots} with MAX_MODEL_LENGTH={maximum_length} on NEURON_CORES={cores} need "
            f"{needed / 1024**3:.1f} GiB on each core, which has {CORE_MEMORY_BYTES // 1024**3}. "
            "Set fewer slots, a smaller length or more cores."
        )
    return shape


def core_bytes(checkpoint: Checkpoint, shape: NeuronShape) -> int:
    """Return what weights and caches take on each core, at least: the graphs come on top."""
    configuration = checkpoint.configuration
    # embeddings are looked up on the host, but where they are tied the output matrix is the same numbers on the device
    embeddings = 0 if configuration.ties_embeddings else configuration.vocabulary_size * configuration.hidden_size
    token = 2 * configuration.layers * configuration.key_value_heads * configuration.head_size
    numbers = checkpoint.parameter_count - embeddings + token * shape.slots * shape.maximum_length
    return -(-numbers * BYTES_PER_NUMBER // shape.cores)
