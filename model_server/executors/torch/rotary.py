"""Rotary positions (RoPE) in the half-split form of the Hugging Face checkpoints; see https://arxiv.org/abs/2104.09864.

The table is computed once in float32 for all positions. Scaled variants are refused when the checkpoint is opened.
"""

from __future__ import annotations

import torch

from model_server.model_configuration import ModelConfiguration


class RotaryTable:
    """Cosines and sines, [maximum_length, 1, head_size / 2]."""

    def __init__(
        self, configuration: ModelConfiguration, maximum_length: int, device: torch.device, number_format: torch.dtype
    ) -> None:
        exponents = torch.arange(0, configuration.head_size, 2, dtype=torch.float32) / configuration.head_size
        frequencies = 1.0 / configuration.rotary_base**exponents
        angles = torch.arange(maximum_length, dtype=torch.float32)[:, None, None] * frequencies
        self.cosines = angles.cos().to(device, number_format)
        self.sines = angles.sin().to(device, number_format)


def rotate(heads: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    """Return `heads` turned to their positions; [tokens, heads, head_size], with one row of the table per token."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cosines - second * sines, second * cosines + first * sines), dim=-1)
