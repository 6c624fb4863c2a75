from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model_server.errors import InternalError
from model_server.executors.base import Executor
from model_server.executors.torch.executor import TorchExecutor, load_torch_executor
from model_server.weights import open_checkpoint
from tests.model_server.executors.contract import PROMPTS, ExtendingContract, WholePromptContract
from tests.model_server.fakes import WholePromptExecutor


def load(directory: Path, number_format: torch.dtype = torch.float32) -> TorchExecutor:
    checkpoint = open_checkpoint(directory)
    return load_torch_executor(checkpoint, 4, 300, 1, device=torch.device("cpu"), number_format=number_format)


class TestTorchExecutor(ExtendingContract):
    @pytest.fixture
    def executor(self, checkpoint_dir: Path) -> Executor:
        return load(checkpoint_dir)


class TestWithoutTheCapability(WholePromptContract):
    """The fake that stands for Inferentia in the scheduler's tests keeps the contract as well."""

    @pytest.fixture
    def executor(self, checkpoint_dir: Path) -> Executor:
        return WholePromptExecutor(load(checkpoint_dir))


def test_dead_slots_are_never_read(checkpoint_dir: Path) -> None:
    executor, other = load(checkpoint_dir), load(checkpoint_dir)
    for slot in (0, 2):
        executor.prefill(slot, PROMPTS[slot])
        other.prefill(slot, PROMPTS[slot])
    other.prefill(1, PROMPTS[1])
    for step in range(2):
        arguments = ([0, 2], [7, 8], [3 + step, 2 + step])
        assert torch.equal(executor.decode(*arguments), other.decode(*arguments))


def test_bfloat16_gives_about_the_same_logits(checkpoint_dir: Path) -> None:
    exact = load(checkpoint_dir).prefill(0, PROMPTS[1])
    rounded = load(checkpoint_dir, torch.bfloat16).prefill(0, PROMPTS[1])
    assert rounded.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(exact, rounded, dim=0) > 0.99


def test_a_closed_executor_refuses_to_compute(checkpoint_dir: Path) -> None:
    executor = load(checkpoint_dir)
    executor.close()
    with pytest.raises(InternalError, match="closed"):
        executor.prefill(0, [1, 2])
