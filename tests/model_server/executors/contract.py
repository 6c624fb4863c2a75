"""The contract of every executor, as tests: subclass the one that fits its capabilities and say how one is made.

All rules are those of `model_server.executors.base`; none of them knows how the executor computes.
"""

from __future__ import annotations

import pytest
import torch

from model_server.errors import InternalError
from model_server.executors.base import Executor

PROMPTS = {0: [5, 9, 30], 1: list(range(10, 150)), 2: [40, 41], 3: list(range(60, 81))}
TOLERANCE = 1e-3


class ExecutorContract:
    """What every executor can do.

    Needs a fixture `executor` with at least four slots, 300 positions and 400 tokens, computing in float32.
    """

    @staticmethod
    def alone(executor: Executor, tokens: list[int]) -> torch.Tensor:
        """Return the logits after `tokens`, computed by themselves in the last slot."""
        return executor.prefill(executor.capabilities.slots - 1, tokens).clone()

    def test_prefill_returns_one_row_of_float32_logits(self, executor: Executor) -> None:
        logits = executor.prefill(0, PROMPTS[0])
        assert logits.shape == (executor.capabilities.vocabulary_size,)
        assert logits.dtype == torch.float32

    def test_a_decode_is_the_same_as_a_longer_prefill(self, executor: Executor) -> None:
        executor.prefill(0, PROMPTS[0])
        decoded = executor.decode([0], [77], [3])
        assert decoded.shape == (1, executor.capabilities.vocabulary_size)
        assert decoded.dtype == torch.float32
        torch.testing.assert_close(decoded[0], self.alone(executor, [*PROMPTS[0], 77]), atol=TOLERANCE, rtol=TOLERANCE)

    @pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2], [2], [0, 2], [3, 0, 1]])
    def test_each_row_belongs_to_its_slot_in_any_order(self, executor: Executor, order: list[int]) -> None:
        for slot in order:
            executor.prefill(slot, PROMPTS[slot])
        sequences = {slot: list(PROMPTS[slot]) for slot in order}
        for step in range(3):
            tokens = [100 + 7 * slot + step for slot in order]
            logits = executor.decode(order, tokens, [len(sequences[slot]) for slot in order]).clone()
            for slot, token in zip(order, tokens, strict=True):
                sequences[slot].append(token)
        for row, slot in enumerate(order):
            expected = self.alone(executor, sequences[slot])
            torch.testing.assert_close(logits[row], expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_slot_can_be_used_again_without_cleaning(self, executor: Executor) -> None:
        executor.prefill(0, PROMPTS[1])
        executor.decode([0], [5], [140])
        executor.prefill(0, PROMPTS[2])
        again = executor.decode([0], [42], [2])[0]
        torch.testing.assert_close(again, self.alone(executor, [40, 41, 42]), atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_prefill_leaves_other_slots_alone(self, executor: Executor) -> None:
        executor.prefill(1, PROMPTS[1])
        executor.prefill(0, PROMPTS[3])
        executor.prefill(2, PROMPTS[0])
        undisturbed = executor.decode([1], [5], [140])[0]
        torch.testing.assert_close(undisturbed, self.alone(executor, [*PROMPTS[1], 5]), atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_sequence_may_fill_its_slot_to_the_last_position(self, executor: Executor) -> None:
        length = executor.capabilities.maximum_length
        prompt = [3 + position % 300 for position in range(length - 1)]
        executor.prefill(0, prompt)
        last = executor.decode([0], [9], [length - 1])[0]
        torch.testing.assert_close(last, self.alone(executor, [*prompt, 9]), atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_prefill_outside_of_the_limits_is_refused(self, executor: Executor) -> None:
        limits = executor.capabilities
        too_long = [5] * (limits.maximum_length + 1)
        for slot, tokens in [(-1, [1, 2]), (limits.slots, [1, 2]), (0, []), (0, too_long), (0, [1, -1])]:
            with pytest.raises(InternalError):
                executor.prefill(slot, tokens)
        with pytest.raises(InternalError, match="from position -1"):
            executor.prefill(0, [1, 2], -1)
        with pytest.raises(InternalError, match="vocabulary"):
            executor.prefill(0, [1, limits.vocabulary_size])

    def test_a_decode_outside_of_the_limits_is_refused(self, executor: Executor) -> None:
        limits = executor.capabilities
        for slots, tokens, positions in [
            ([], [], []),
            ([0], [1, 2], [3]),
            ([0, 0], [1, 2], [3, 3]),
            ([limits.slots], [1], [3]),
            ([0], [1], [limits.maximum_length]),
            ([0], [1], [-1]),
            ([0], [limits.vocabulary_size], [3]),
        ]:
            with pytest.raises(InternalError):
                executor.decode(slots, tokens, positions)


class WholePromptContract(ExecutorContract):
    """An executor without `extends_prefix`, such as that on Inferentia."""

    def test_it_says_what_it_cannot_do(self, executor: Executor) -> None:
        assert not executor.capabilities.extends_prefix

    def test_a_prefill_that_does_not_begin_at_the_beginning_is_refused(self, executor: Executor) -> None:
        executor.prefill(0, PROMPTS[0])
        with pytest.raises(InternalError, match="from position 3"):
            executor.prefill(0, [1, 2], 3)

    def test_a_prompt_of_one_token_is_refused(self, executor: Executor) -> None:
        with pytest.raises(InternalError, match="1 tokens"):
            executor.prefill(0, [1])


class ExtendingContract(ExecutorContract):
    """An executor with `extends_prefix`."""

    def test_it_says_what_it_can_do(self, executor: Executor) -> None:
        assert executor.capabilities.extends_prefix

    @pytest.mark.parametrize("pieces", [[139, 1], [1, 139], [50, 40, 50], [64, 64, 12], [1, 1, 138]])
    def test_a_prompt_in_pieces_is_the_same_as_in_one(self, executor: Executor, pieces: list[int]) -> None:
        start = 0
        for length in pieces:
            logits = executor.prefill(0, PROMPTS[1][start : start + length], start).clone()
            start += length
        assert start == len(PROMPTS[1])
        torch.testing.assert_close(logits, self.alone(executor, PROMPTS[1]), atol=TOLERANCE, rtol=TOLERANCE)
        decoded = executor.decode([0], [7], [start])[0]
        torch.testing.assert_close(decoded, self.alone(executor, [*PROMPTS[1], 7]), atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_slot_keeps_its_prefix_while_others_decode(self, executor: Executor) -> None:
        executor.prefill(0, PROMPTS[1][:100])
        executor.prefill(1, PROMPTS[3])
        executor.decode([1], [5], [21])
        logits = executor.prefill(0, PROMPTS[1][100:], 100).clone()
        executor.decode([1], [6], [22])
        torch.testing.assert_close(logits, self.alone(executor, PROMPTS[1]), atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_prefix_is_used_again_with_another_end(self, executor: Executor) -> None:
        executor.prefill(0, PROMPTS[1])
        executor.decode([0], [5], [140])
        other = [*PROMPTS[1][:120], 300, 301]
        again = executor.prefill(0, other[120:], 120).clone()
        torch.testing.assert_close(again, self.alone(executor, other), atol=TOLERANCE, rtol=TOLERANCE)

    def test_what_was_decoded_is_a_prefix_too(self, executor: Executor) -> None:
        executor.prefill(0, PROMPTS[0])
        for position, token in enumerate([70, 71], 3):
            executor.decode([0], [token], [position])
        next_turn = executor.prefill(0, [80, 81, 82], 5).clone()
        whole = self.alone(executor, [*PROMPTS[0], 70, 71, 80, 81, 82])
        torch.testing.assert_close(next_turn, whole, atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_piece_that_passes_the_last_position_is_refused(self, executor: Executor) -> None:
        length = executor.capabilities.maximum_length
        executor.prefill(0, [5] * (length - 1))
        executor.prefill(0, [6], length - 1)
        with pytest.raises(InternalError, match="0 are allowed"):
            executor.prefill(0, [6], length)
        with pytest.raises(InternalError, match="2 tokens"):
            executor.prefill(0, [6, 7], length - 1)
