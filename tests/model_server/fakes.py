"""Fake executors: one that counts, one whose next token depends on all that its slot holds, one like Inferentia's."""

from __future__ import annotations

import threading
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import replace

import torch

from model_server.executors.base import Capabilities, Executor, check_decode, check_prefill


class CountingExecutor:
    """After token t comes t + 1. Insists on the contract, and remembers what it was asked."""

    def __init__(
        self, slots: int = 2, maximum_length: int = 300, vocabulary_size: int = 400, extends_prefix: bool = False
    ) -> None:
        self._capabilities = Capabilities(slots, maximum_length, vocabulary_size, extends_prefix)
        self.contents: dict[int, list[int]] = {slot: [] for slot in range(slots)}
        self.calls: list[str] = []
        self.prefills: list[tuple[int, int, int]] = []  # slot, from, to
        self.failures = 0  # so many of the next calls raise
        self.gate = threading.Semaphore(0)
        self.is_gated = False
        self.is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        check_prefill(self._capabilities, slot, tokens, start)
        self._pass(f"prefill {slot}")
        self.prefills.append((slot, start, start + len(tokens)))
        if start > len(self.contents[slot]):
            raise ValueError(f"slot {slot} holds {len(self.contents[slot])} tokens, not {start}")
        self.contents[slot][start:] = tokens
        return self._after([slot])[0]

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        check_decode(self._capabilities, slots, tokens, positions)
        self._pass(f"decode {list(slots)}")
        if not self._capabilities.extends_prefix:
            for slot in self.contents.keys() - set(slots):
                self.contents[slot][:1] = [0]
        for slot, token, position in zip(slots, tokens, positions, strict=True):
            if position != len(self.contents[slot]):
                raise ValueError(f"slot {slot} is at {len(self.contents[slot])}, not at {position}")
            self.contents[slot].append(token)
        return self._after(slots)

    def close(self) -> None:
        self.is_closed = True

    def following(self, tokens: list[int]) -> int:
        """Return the token that comes after `tokens`."""
        return (tokens[-1] + 1) % self._capabilities.vocabulary_size

    def _pass(self, call: str) -> None:
        self.calls.append(call)
        if self.is_gated:
            self.gate.acquire()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the device is unwell")

    def _after(self, slots: Sequence[int]) -> torch.Tensor:
        following = torch.tensor([self.following(self.contents[slot]) for slot in slots])
        return torch.nn.functional.one_hot(following, self._capabilities.vocabulary_size).float()


class HashingExecutor(CountingExecutor):
    """The next token depends on every token before: one wrong token in a slot changes the answer."""

    def following(self, tokens: list[int]) -> int:
        return zlib.crc32(array("q", tokens).tobytes()) % self._capabilities.vocabulary_size


class WholePromptExecutor:
    """Another executor with no more than transformers-neuronx can do, down to what its decode does to other slots."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._capabilities = replace(executor.capabilities, extends_prefix=False)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> torch.Tensor:
        check_prefill(self._capabilities, slot, tokens, start)
        return self._executor.prefill(slot, tokens)

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        check_decode(self._capabilities, slots, tokens, positions)
        others = [slot for slot in range(self._capabilities.slots) if slot not in slots]
        none = [0] * len(others)
        logits = self._executor.decode([*slots, *others], [*tokens, *none], [*positions, *none])
        return logits[: len(slots)]

    def close(self) -> None:
        self._executor.close()
