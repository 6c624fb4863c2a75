"""The keys and values of all sequences, in memory that is taken once, when the executor is made.

One slot is one sequence: [slots, key_value_heads, length, head_size] per layer. Filled with zeros, because a masked
position still takes part in a product with weight 0, and 0 times a stray NaN would be NaN.
"""

from __future__ import annotations

import torch

from model_server.errors import ConfigurationError
from model_server.model_configuration import ModelConfiguration


class Cache:
    """`keys[layer]` and `values[layer]`, indexed by slot."""

    def __init__(
        self,
        configuration: ModelConfiguration,
        slots: int,
        maximum_length: int,
        device: torch.device,
        number_format: torch.dtype,
    ) -> None:
        shape = (slots, configuration.key_value_heads, maximum_length, configuration.head_size)
        try:
            self.keys = [torch.zeros(shape, device=device, dtype=number_format) for _ in range(configuration.layers)]
            self.values = [torch.zeros(shape, device=device, dtype=number_format) for _ in range(configuration.layers)]
        except (RuntimeError, MemoryError) as error:
            raise ConfigurationError(
                f"There is not enough memory for SLOTS={slots} sequences of MAX_MODEL_LENGTH={maximum_length} tokens. "
                "Set smaller values."
            ) from error
        self.maximum_length = maximum_length
        # what one position of one slot weighs in one layer, keys and values
        self.position_bytes = 2 * configuration.key_value_heads * configuration.head_size * number_format.itemsize
