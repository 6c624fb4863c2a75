"""The test that a server makes of its device: it passes over every executor that is right, and over no other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from model_server.errors import SelfTestFailed
from model_server.executors.base import Capabilities, Executor
from model_server.executors.load import load_executor
from model_server.executors.neuron import load_neuron_executor
from model_server.executors.self_test import check_executor
from model_server.executors.torch.executor import load_torch_executor
from model_server.settings import BUILT_IN_MODEL_DIR, ServerSettings
from model_server.weights import open_checkpoint
from tests.model_server.fakes import WholePromptExecutor


def load_torch(
    directory: Path, slots: int = 4, length: int = 300, number_format: torch.dtype = torch.float32
) -> Executor:
    checkpoint = open_checkpoint(directory)
    return load_torch_executor(checkpoint, slots, length, 1, device=torch.device("cpu"), number_format=number_format)


class Faulty(WholePromptExecutor):
    """Right; what derives from it is not."""

    def __init__(self, directory: Path, slots: int = 4, number_format: torch.dtype = torch.float32) -> None:
        super().__init__(load_torch(directory, slots, number_format=number_format))
        self.decodes = 0


class IsOnePositionOff(Faulty):
    """A decode stands one position too far."""

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        return super().decode(slots, tokens, [position + 1 for position in positions])


class SwapsRows(Faulty):
    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        return super().decode(slots, tokens, positions).flip(0)


class LosesTheLastSlot(Faulty):
    """Leaves the last slot out, so that its first position is overwritten."""

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        logits = super().decode(slots, tokens, positions)
        if len(slots) > 1:
            super().decode(slots[:-1], tokens[:-1], positions[:-1])
        return logits


class PrefillSpoilsOthers(Faulty):
    """The prefill of one slot takes the first position of the next."""

    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        logits = super().prefill(slot, tokens, start)
        if slot == 0:
            self._executor.decode([self.capabilities.slots - 1], [0], [0])
        return logits


class ForgetsWhoComesBack(Faulty):
    """Goes wrong once a slot is used again."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.used: list[int] = []

    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        if slot == 0 and self.used[-1:] == [self.capabilities.slots - 1]:
            self._executor.decode([self.capabilities.slots - 1], [0], [0])
        self.used.append(slot)
        return super().prefill(slot, tokens, start)


class GivesNotANumber(Faulty):
    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        return super().decode(slots, tokens, positions) * float("nan")


class GivesNotANumberLate(Faulty):
    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        self.decodes += 1
        return super().decode(slots, tokens, positions) * (float("nan") if self.decodes > 20 else 1)


class EndsTooEarly(Faulty):
    """The last positions of a slot share one row of the cache."""

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        last = self.capabilities.maximum_length - 10
        cut = [min(position, last) for position in positions]
        return super().decode(slots, tokens, positions if len(slots) == 1 else cut)


class IsNeverTheSame(Faulty):
    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        self.decodes += 1
        return super().prefill(slot, tokens, start).roll(self.decodes)


def test_the_torch_executor_passes(checkpoint_dir: Path) -> None:
    check_executor(load_torch(checkpoint_dir))


@pytest.mark.parametrize(("slots", "length"), [(1, 300), (2, 300), (4, 300), (8, 129), (4, 16), (3, 7), (2, 4)])
@pytest.mark.usefixtures("neuron_library")
def test_the_neuron_executor_passes_with_any_number_of_slots_of_any_length(
    slots: int, length: int, checkpoint_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    check_executor(load_neuron_executor(open_checkpoint(checkpoint_dir), slots, length, 2))
    assert f"The self-test passed: {slots} slots of {length} tokens" in caplog.text


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (IsOnePositionOff, "after 3 tokens, the logits of a decode and of a prefill in slot 0 correlate by 0"),
        (SwapsRows, "alone in slot 0, but"),
        (LosesTheLastSlot, "in slot 3 while other slots decode"),
        (PrefillSpoilsOthers, "in slot 3 while other slots decode"),
        (ForgetsWhoComesBack, "in slot 3 while other slots decode"),
        (GivesNotANumber, "correlate by nan"),
        (GivesNotANumberLate, "logits are not finite"),
        (EndsTooEarly, "after a prompt of 285 tokens is"),
        (IsNeverTheSame, "correlate by"),
    ],
)
def test_what_is_wrong_takes_no_requests(kind: type[Faulty], sentence: str, checkpoint_dir: Path) -> None:
    with pytest.raises(SelfTestFailed) as caught:
        check_executor(kind(checkpoint_dir))
    assert sentence in caught.value.user_message
    assert caught.value.user_message.endswith("This server takes no requests.")


def test_a_real_model_in_bfloat16_is_sharp_enough_to_show_a_position_that_is_one_off() -> None:
    check_executor(Faulty(BUILT_IN_MODEL_DIR, number_format=torch.bfloat16))
    with pytest.raises(SelfTestFailed, match="correlate by 0"):
        check_executor(IsOnePositionOff(BUILT_IN_MODEL_DIR, number_format=torch.bfloat16))


def test_one_slot_must_at_least_say_the_same_twice(checkpoint_dir: Path) -> None:
    check_executor(Faulty(checkpoint_dir, slots=1))
    with pytest.raises(SelfTestFailed):
        check_executor(IsNeverTheSame(checkpoint_dir, slots=1))


def test_it_asks_for_the_whole_window_and_never_for_more(checkpoint_dir: Path) -> None:
    class Recording(Faulty):
        longest = 0

        def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
            self.longest = max(self.longest, *positions)
            return super().decode(slots, tokens, positions)

    executor = Recording(checkpoint_dir)
    check_executor(executor)
    assert executor.longest == 299


@pytest.mark.usefixtures("neuron_library")
def test_the_neuron_executor_is_tested_before_it_is_handed_on(
    checkpoint_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested: list[Capabilities] = []
    monkeypatch.setattr("model_server.executors.load.check_executor", lambda e: tested.append(e.capabilities))
    settings = ServerSettings(model_dir=checkpoint_dir, executor="neuron", slots=3)
    executor = load_executor(settings, open_checkpoint(checkpoint_dir), 300)
    assert tested == [executor.capabilities] == [Capabilities(3, 300, 400)]
