"""Read a checkpoint's tensors into the form in which the forward pass uses them.

Projections that share their input are joined into one matrix each (queries, keys and values; gate and up), which saves
calls in every step. Does not check names or shapes: `model_server.weights` did.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from model_server.weights import Checkpoint


@dataclass(frozen=True, slots=True)
class LayerParameters:
    """One decoder layer; matrices are [outputs, inputs]."""

    attention_norm: torch.Tensor  # [hidden]
    query_key_value: torch.Tensor  # [(heads + 2 × key_value_heads) × head_size, hidden]
    attention_output: torch.Tensor  # [hidden, heads × head_size]
    feed_forward_norm: torch.Tensor  # [hidden]
    gate_up: torch.Tensor  # [2 × feed_forward, hidden]
    down: torch.Tensor  # [hidden, feed_forward]


@dataclass(frozen=True, slots=True)
class ModelParameters:
    embeddings: torch.Tensor  # [vocabulary, hidden]
    layers: tuple[LayerParameters, ...]
    output_norm: torch.Tensor  # [hidden]
    output: torch.Tensor  # [vocabulary, hidden]; the embeddings themselves where they are tied


def load_parameters(checkpoint: Checkpoint, device: torch.device, number_format: torch.dtype) -> ModelParameters:
    """Return the parameters on `device`; each file is mapped into memory, not read twice."""
    with ExitStack() as stack:
        reader = _Reader(checkpoint, device, number_format, stack)
        embeddings = reader.read("model.embed_tokens.weight")
        return ModelParameters(
            embeddings=embeddings,
            layers=tuple(_read_layer(reader, layer) for layer in range(checkpoint.configuration.layers)),
            output_norm=reader.read("model.norm.weight"),
            output=embeddings if checkpoint.configuration.ties_embeddings else reader.read("lm_head.weight"),
        )


class _Reader:
    """Reads tensors by name from the files of one checkpoint, opening each file once."""

    def __init__(
        self, checkpoint: Checkpoint, device: torch.device, number_format: torch.dtype, stack: ExitStack
    ) -> None:
        self._files = checkpoint.files
        self._device = device
        self._number_format = number_format
        self._stack = stack
        self._opened: dict[Path, Any] = {}

    def read(self, *names: str) -> torch.Tensor:
        """Return the tensors of these names, one below the other, on the device."""
        tensors = [self._open(self._files[name]).get_tensor(name).to(self._number_format) for name in names]
        return (torch.cat(tensors) if len(tensors) > 1 else tensors[0].clone()).to(self._device)

    def _open(self, path: Path) -> Any:  # safetensors has no type for its open files
        if path not in self._opened:
            self._opened[path] = self._stack.enter_context(safe_open(path, framework="pt"))
        return self._opened[path]


def _read_layer(reader: _Reader, layer: int) -> LayerParameters:
    prefix = f"model.layers.{layer}."
    attention, feed_forward = prefix + "self_attn.", prefix + "mlp."
    return LayerParameters(
        attention_norm=reader.read(prefix + "input_layernorm.weight"),
        query_key_value=reader.read(*(f"{attention}{name}_proj.weight" for name in "qkv")),
        attention_output=reader.read(attention + "o_proj.weight"),
        feed_forward_norm=reader.read(prefix + "post_attention_layernorm.weight"),
        gate_up=reader.read(feed_forward + "gate_proj.weight", feed_forward + "up_proj.weight"),
        down=reader.read(feed_forward + "down_proj.weight"),
    )
