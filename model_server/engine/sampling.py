"""Choose the next token of each row of logits; pure, and vectorised over the rows.

The order is that of Hugging Face: repetition penalty over prompt and answer, temperature, top-k, top-p. The choice
itself is one uniform number per token from the sequence's own generator, looked up in the cumulative distribution of
the candidates in descending order. Rows are treated by their own kind only, so that the company of other rows does
not change what a seed gives.
"""

from __future__ import annotations

from collections.abc import Sequence as Rows
from enum import Enum
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from model_server.engine.request import SamplingParameters
    from model_server.engine.sequence import Sequence

GREEDY_TEMPERATURE = 1e-4  # below it the best token has all the probability, and float32 overflows
NUCLEUS_CANDIDATES = 1024  # enough for nearly every top-p; where it is not, the whole vocabulary is sorted


class RowKind(Enum):
    """Rows of one kind are computed together."""

    GREEDY = "greedy"
    TOP_K = "top_k"
    NUCLEUS = "nucleus"  # top-p alone
    FULL = "full"


def sample(logits: torch.Tensor, sequences: Rows[Sequence]) -> list[int]:
    """Return one token id per row of `logits`, float32 [rows, vocabulary] or [vocabulary]."""
    logits = _penalize_repetition(logits.view(-1, logits.shape[-1]), sequences)
    kinds = [_kind_of(sequence.sampling) for sequence in sequences]
    if len(set(kinds)) == 1:
        return _sample_kind(kinds[0], logits, sequences)
    chosen = [0] * len(sequences)
    for kind in set(kinds):
        rows = [row for row, row_kind in enumerate(kinds) if row_kind is kind]
        tokens = _sample_kind(kind, logits[rows], [sequences[row] for row in rows])
        for row, token in zip(rows, tokens, strict=True):
            chosen[row] = token
    return chosen


def _kind_of(sampling: SamplingParameters) -> RowKind:
    if sampling.temperature < GREEDY_TEMPERATURE or sampling.top_k == 1:
        return RowKind.GREEDY
    if sampling.top_k:
        return RowKind.TOP_K
    return RowKind.NUCLEUS if sampling.top_p < 1 else RowKind.FULL


def _sample_kind(kind: RowKind, logits: torch.Tensor, sequences: Rows[Sequence]) -> list[int]:
    if kind is RowKind.GREEDY:
        return _to_integers(logits.argmax(dim=-1))
    uniform = _column(logits, [sequence.random.random() for sequence in sequences])
    scaled = logits / _column(logits, [sequence.sampling.temperature for sequence in sequences])
    if kind is RowKind.FULL:
        return _to_integers(_choose(scaled.softmax(dim=-1), uniform))
    top_p = _column(logits, [sequence.sampling.top_p for sequence in sequences])
    if kind is RowKind.TOP_K:
        top_k = [min(sequence.sampling.top_k, logits.shape[-1]) for sequence in sequences]
        probabilities, tokens = _top_k_candidates(scaled, top_k)
    else:
        probabilities, tokens = _nucleus_candidates(scaled, top_p)
    position = _choose(_keep_nucleus(probabilities, top_p), uniform)
    return _to_integers(tokens.gather(1, position[:, None])[:, 0])


def _penalize_repetition(logits: torch.Tensor, sequences: Rows[Sequence]) -> torch.Tensor:
    """Return logits where each token that the sequence holds has become less likely (https://arxiv.org/abs/1909.05858)."""
    rows = [row for row, sequence in enumerate(sequences) if sequence.sampling.repetition_penalty != 1]
    if not rows:
        return logits
    buffers = [sequences[row].tokens for row in rows]
    tokens = torch.frombuffer(bytearray().join(buffers), dtype=torch.long).to(logits.device)
    lengths = torch.tensor([len(buffer) for buffer in buffers])
    index = torch.tensor(rows).repeat_interleave(lengths).to(logits.device)
    penalties = torch.tensor([sequences[row].sampling.repetition_penalty for row in rows])
    penalty = penalties.repeat_interleave(lengths).to(logits.device)
    seen = logits[index, tokens]
    return logits.index_put((index, tokens), torch.where(seen > 0, seen / penalty, seen * penalty))


def _top_k_candidates(scaled: torch.Tensor, top_k: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return probabilities and tokens of each row's best, descending, [rows, largest k]; 0 beyond the row's own k."""
    values, tokens = scaled.topk(max(top_k), dim=-1)
    rank = torch.arange(max(top_k), device=scaled.device)
    beyond = rank >= torch.tensor(top_k, device=scaled.device)[:, None]
    return values.masked_fill(beyond, float("-inf")).softmax(dim=-1), tokens


def _nucleus_candidates(scaled: torch.Tensor, top_p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return probabilities and tokens, descending, of enough candidates to hold every row's top-p."""
    probabilities = scaled.softmax(dim=-1)
    values, tokens = probabilities.topk(min(NUCLEUS_CANDIDATES, scaled.shape[-1]), dim=-1)
    if bool((values.sum(dim=-1, keepdim=True) < top_p).any()):
        values, tokens = probabilities.sort(dim=-1, descending=True, stable=True)
    return values, tokens


def _keep_nucleus(probabilities: torch.Tensor, top_p: torch.Tensor) -> torch.Tensor:
    """Return the descending probabilities, 0 for those that top-p cuts; the best one always stays."""
    before = probabilities.cumsum(dim=-1) - probabilities
    return probabilities.masked_fill((before >= top_p) & (before > 0), 0.0)


def _choose(probabilities: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return the index, [rows], at which the cumulative sum of each row first exceeds its uniform share."""
    cumulative = probabilities.cumsum(dim=-1)
    total = cumulative[:, -1:]
    position = torch.searchsorted(cumulative, uniform * total, right=True)
    last = (cumulative < total).sum(dim=-1, keepdim=True)  # rounding may reach the total itself
    return torch.minimum(position, last)[:, 0]


def _column(logits: torch.Tensor, numbers: list[float]) -> torch.Tensor:
    return torch.tensor(numbers, dtype=logits.dtype, device=logits.device)[:, None]


def _to_integers(tokens: torch.Tensor) -> list[int]:
    return [int(token) for token in tokens.tolist()]
