"""The device of the stand-in: the weights and the caches of all slots, with no limits checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from model_server.executors.torch.attention import mask_runs
from model_server.executors.torch.cache import Cache
from model_server.executors.torch.model import Model, forward_prompt, forward_tokens
from model_server.executors.torch.parameters import load_parameters
from model_server.executors.torch.rotary import RotaryTable
from model_server.executors.torch.runs import plan_runs
from model_server.weights import open_checkpoint
from tests.model_server.executors.neuron_library.config import ModelConfig

PROCESSOR, NUMBERS = torch.device("cpu"), torch.float32


class Device:
    def __init__(self, path: Path, config: ModelConfig, slots: int, length: int) -> None:
        checkpoint = open_checkpoint(path)
        configuration = replace(checkpoint.configuration, rotary_base=config.rope_theta)
        self._model = Model(
            configuration=configuration,
            parameters=load_parameters(checkpoint, PROCESSOR, NUMBERS),
            rotary=RotaryTable(configuration, length, PROCESSOR, NUMBERS),
            cache=Cache(configuration, slots, length, PROCESSOR, NUMBERS),
        )

    def read_prompt(self, slot: int, padded: torch.Tensor, last: int) -> torch.Tensor:
        """Write the whole bucket into the slot's cache and return the logits after position `last`, [vocabulary]."""
        forward_prompt(self._model, slot, padded, 0)
        return forward_prompt(self._model, slot, padded[: last + 1], 0)

    def decode(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Write one token into every slot and return the logits after it, [slots, vocabulary]."""
        model, slots = self._model, torch.arange(len(tokens))
        numbers = [int(position) for position in positions]
        runs = plan_runs(range(len(numbers)), numbers, model.cache.position_bytes, model.cache.maximum_length)
        masked = mask_runs(runs, positions, model.configuration.key_value_heads)
        return forward_tokens(model, slots, tokens, positions, masked)
