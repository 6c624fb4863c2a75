"""Attention of a piece of a prompt, by either of its two ways, against the plain formula."""

from __future__ import annotations

import pytest
import torch

from model_server.executors.torch import attention
from model_server.executors.torch.attention import attend_to_prompt, mask_prompt

HEADS, KEY_VALUE_HEADS, HEAD_SIZE = 8, 2, 16


def attend_plainly(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, start: int) -> torch.Tensor:
    """One query and one head after the other."""
    rows = []
    for row, position in enumerate(range(start, start + len(queries))):
        for head in range(HEADS):
            shared = head * KEY_VALUE_HEADS // HEADS
            seen = keys[shared, : position + 1]
            weights = (seen @ queries[row, head] / HEAD_SIZE**0.5).softmax(dim=0)
            rows.append(weights @ values[shared, : position + 1])
    return torch.cat(rows).view(len(queries), -1)


@pytest.mark.parametrize("cached_scores_bytes", [0, 2**30])  # never and always by products
@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 9), (1, 2), (7, 8), (5, 21), (120, 131)])
def test_a_piece_of_a_prompt_attends_to_itself_and_to_all_before(
    start: int, end: int, cached_scores_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "CACHED_SCORES_BYTES", cached_scores_bytes)
    generator = torch.Generator().manual_seed(end)
    queries = torch.randn(end - start, HEADS, HEAD_SIZE, generator=generator)
    cache = torch.randn(2, KEY_VALUE_HEADS, 200, HEAD_SIZE, generator=generator)
    keys, values = cache[0][:, :end], cache[1][:, :end]
    found = attend_to_prompt(queries, keys, values, mask_prompt(start, end, torch.device("cpu")))
    torch.testing.assert_close(found, attend_plainly(queries, keys, values, start), atol=1e-5, rtol=1e-5)
