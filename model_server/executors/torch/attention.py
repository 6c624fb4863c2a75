"""Grouped-query attention over the slot cache: once for a piece of a prompt, once for one new token per live slot.

In decoding, the query heads that share a key-value head are the rows of one small product, so that every key is read
once. Measured on two cores: ten times faster than scaled_dot_product_attention with `enable_gqa`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)

from model_server.executors.torch.runs import Run

# Scores of at most so many bytes stay in the processor's cache, where two products and a softmax are up to 1.6 times as
# fast as scaled_dot_product_attention (bfloat16, 60 tokens at the end of 2,000); beyond it they are slower.
CACHED_SCORES_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MaskedRun:
    """A run with its mask, [count, 1, length]: True where a row must not look."""

    run: Run
    mask: torch.Tensor


def mask_runs(runs: Sequence[Run], positions: torch.Tensor, key_value_heads: int) -> tuple[MaskedRun, ...]:
    """Return the runs with their masks, made once per step for all layers; `positions` is [rows]."""
    masked = []
    for run in runs:
        last = positions[run.row : run.row + run.count, None]
        mask = torch.arange(run.length, device=positions.device)[None, :] > last
        masked.append(MaskedRun(run, mask.repeat_interleave(key_value_heads, dim=0)[:, None, :]))
    return tuple(masked)


def mask_prompt(start: int, end: int, device: torch.device) -> torch.Tensor | None:
    """Return which positions each of `start` to `end` looks at, [end - start, end], made once for all layers.

    None for a prompt from its beginning: plain causal attention is then the same and does less.
    """
    if start == 0:
        return None
    positions = torch.arange(end, device=device)
    return positions[None, :] <= positions[start:, None]


def attend_to_prompt(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """Return causal attention, [length, heads × head_size].

    `queries` is [length, heads, head_size] and stands at the end of `keys` and `values`, which are
    [key_value_heads, end, head_size] and are not copied: key-value heads are the batch, their query heads the heads.
    """
    length, heads, head_size = queries.shape
    key_value_heads, end = keys.shape[:2]
    grouped = queries.view(length, key_value_heads, -1, head_size).permute(1, 2, 0, 3)
    is_small = length * heads * end * queries.element_size() <= CACHED_SCORES_BYTES
    if mask is not None and is_small and queries.device.type == "cpu":
        return _attend_by_products(grouped, keys, values, mask[:, -length:])
    shared = (-1, grouped.shape[1], -1, -1)
    result = F.scaled_dot_product_attention(
        grouped, keys[:, None].expand(shared), values[:, None].expand(shared), attn_mask=mask, is_causal=mask is None
    )
    return result.permute(2, 0, 1, 3).reshape(length, -1)


def _attend_by_products(
    grouped: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return the same for a few queries [key_value_heads, group, length, head_size] at the end of many keys.

    Only the last `length` positions need the mask, [length, length]: every query looks at all before.
    """
    key_value_heads, group, length, head_size = grouped.shape
    rows = grouped.reshape(key_value_heads, group * length, head_size)
    scores = torch.bmm(rows, keys.transpose(1, 2)).mul_(head_size**-0.5)
    scores.view(key_value_heads, group, length, -1)[..., -length:].masked_fill_(~mask, float("-inf"))
    result = torch.bmm(scores.softmax(dim=-1), values)
    return result.view(key_value_heads, group, length, head_size).permute(2, 0, 1, 3).reshape(length, -1)


def attend_to_slots(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, runs: Sequence[MaskedRun]
) -> torch.Tensor:
    """Return the attention of one new token per row, [rows, heads × head_size].

    `queries` is [rows, heads, head_size]; `keys` and `values` are the whole cache of one layer,
    [slots, key_value_heads, maximum_length, head_size].
    """
    results = [_attend_to_run(queries, keys, values, masked) for masked in runs]
    return results[0] if len(results) == 1 else torch.cat(results)


def _attend_to_run(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, masked: MaskedRun) -> torch.Tensor:
    run = masked.run
    key_value_heads, head_size = keys.shape[1], keys.shape[3]
    rows = queries[run.row : run.row + run.count]
    grouped = rows.reshape(run.count * key_value_heads, -1, head_size)  # [count × key_value_heads, group, head_size]
    run_keys = keys[run.slot : run.slot + run.count].flatten(0, 1)[:, : run.length]
    run_values = values[run.slot : run.slot + run.count].flatten(0, 1)[:, : run.length]
    scores = torch.bmm(grouped, run_keys.transpose(1, 2)) * head_size**-0.5
    weights = scores.masked_fill_(masked.mask, float("-inf")).softmax(dim=-1)
    return torch.bmm(weights, run_values).view(run.count, -1)
