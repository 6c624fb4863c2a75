"""Our forward pass against that of transformers, which is only an oracle here and not needed to serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from model_server.executors.torch.executor import load_torch_executor
from model_server.weights import open_checkpoint
from tests.model_server.checkpoints import write_checkpoint

VARIANTS: dict[str, dict[str, Any]] = {
    "tied embeddings, grouped heads": {},
    "untied embeddings": {"tie_word_embeddings": False},
    "one key-value head per head": {"num_key_value_heads": 4},
    "one key-value head for all": {"num_key_value_heads": 1},
    "a head size of its own": {"head_dim": 16},
    "another rotary base": {"rope_theta": 1e6, "rms_norm_eps": 1e-5},
    "Llama": {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
    "several files": {"shards": 3},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_are_those_of_transformers(variant: str, tmp_path: Path) -> None:
    directory = write_checkpoint(tmp_path, **VARIANTS[variant])
    oracle = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    executor = load_torch_executor(
        open_checkpoint(directory), 4, 300, 1, device=torch.device("cpu"), number_format=torch.float32
    )
    sequences = {0: list(range(5, 40)), 2: list(range(50, 250)), 3: [7, 8]}
    with torch.inference_mode():
        for slot, tokens in sequences.items():
            expected = _last(oracle, tokens)
            torch.testing.assert_close(executor.prefill(slot, tokens), expected, atol=1e-4, rtol=1e-4)
            half = len(tokens) // 2
            executor.prefill(slot, tokens[:half])
            torch.testing.assert_close(executor.prefill(slot, tokens[half:], half), expected, atol=1e-4, rtol=1e-4)
        for step in range(4):
            tokens = [100 + step + slot for slot in sequences]
            logits = executor.decode(list(sequences), tokens, [len(content) for content in sequences.values()])
            for row, (slot, token) in enumerate(zip(sequences, tokens, strict=True)):
                sequences[slot].append(token)
                torch.testing.assert_close(logits[row], _last(oracle, sequences[slot]), atol=1e-4, rtol=1e-4)


def _last(oracle: Any, tokens: list[int]) -> torch.Tensor:
    logits: torch.Tensor = oracle(torch.tensor([tokens])).logits[0, -1]
    return logits
