"""The forward pass of Mistral and Llama: RMSNorm, rotary grouped-query attention, SwiGLU.

Two functions share everything but attention: `forward_prompt` reads a prompt, or a piece of one, into a slot;
`forward_tokens` adds one token to each of several slots. Does not choose a device, check limits or sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)

from model_server.executors.torch.attention import MaskedRun, attend_to_prompt, attend_to_slots, mask_prompt
from model_server.executors.torch.cache import Cache
from model_server.executors.torch.parameters import LayerParameters, ModelParameters
from model_server.executors.torch.rotary import RotaryTable, rotate
from model_server.model_configuration import ModelConfiguration

# (layer, queries, keys, values) → attention; stores keys and values in the cache
Attention = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model with the memory of its slots."""

    configuration: ModelConfiguration
    parameters: ModelParameters
    rotary: RotaryTable
    cache: Cache


def forward_prompt(model: Model, slot: int, tokens: torch.Tensor, start: int) -> torch.Tensor:
    """Fill `slot` from position `start` with [length] token ids; return the float32 logits after them, [vocabulary]."""
    end = start + tokens.shape[0]
    mask = mask_prompt(start, end, tokens.device)

    def attend(layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        slot_keys, slot_values = model.cache.keys[layer][slot], model.cache.values[layer][slot]
        slot_keys[:, start:end] = keys.transpose(0, 1)
        slot_values[:, start:end] = values.transpose(0, 1)
        return attend_to_prompt(queries, slot_keys[:, :end], slot_values[:, :end], mask)

    cosines, sines = model.rotary.cosines[start:end], model.rotary.sines[start:end]
    hidden = _forward(model, tokens, cosines, sines, attend)
    return _logits(model, hidden[-1])


def forward_tokens(
    model: Model, slots: torch.Tensor, tokens: torch.Tensor, positions: torch.Tensor, runs: tuple[MaskedRun, ...]
) -> torch.Tensor:
    """Add one token to each slot, all [rows], and return the float32 logits after it, [rows, vocabulary]."""

    def attend(layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        model.cache.keys[layer][slots, :, positions] = keys
        model.cache.values[layer][slots, :, positions] = values
        return attend_to_slots(queries, model.cache.keys[layer], model.cache.values[layer], runs)

    hidden = _forward(model, tokens, model.rotary.cosines[positions], model.rotary.sines[positions], attend)
    return _logits(model, hidden)


def _forward(
    model: Model, tokens: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor, attend: Attention
) -> torch.Tensor:
    """Return the last hidden states, [tokens, hidden]."""
    hidden = F.embedding(tokens, model.parameters.embeddings)
    for index, layer in enumerate(model.parameters.layers):
        queries, keys, values = _project(model, layer, hidden, cosines, sines)
        hidden = hidden + F.linear(attend(index, queries, keys, values), layer.attention_output)
        hidden = hidden + _feed_forward(model, layer, hidden)
    return hidden


def _project(
    model: Model, layer: LayerParameters, hidden: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return queries, keys and values, [tokens, heads, head_size] each, turned to their positions."""
    heads, key_value_heads = model.configuration.heads, model.configuration.key_value_heads
    normalized = _normalize(model, hidden, layer.attention_norm)
    joined = F.linear(normalized, layer.query_key_value).view(hidden.shape[0], -1, model.configuration.head_size)
    rotated = rotate(joined[:, : heads + key_value_heads], cosines, sines)
    return rotated[:, :heads], rotated[:, heads:], joined[:, heads + key_value_heads :]


def _feed_forward(model: Model, layer: LayerParameters, hidden: torch.Tensor) -> torch.Tensor:
    normalized = _normalize(model, hidden, layer.feed_forward_norm)
    gate, up = F.linear(normalized, layer.gate_up).chunk(2, dim=-1)
    return F.linear(F.silu(gate) * up, layer.down)


def _logits(model: Model, hidden: torch.Tensor) -> torch.Tensor:
    return F.linear(_normalize(model, hidden, model.parameters.output_norm), model.parameters.output).float()


def _normalize(model: Model, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return F.rms_norm(hidden, weight.shape, weight, model.configuration.normalization_epsilon)
