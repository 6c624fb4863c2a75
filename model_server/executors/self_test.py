"""Proof, before the first request, that a device computes what the contract says.

No test of this repository runs on Inferentia, so the server tests there what the tests test elsewhere: a sequence is
the same alone in the first slot as in the last one while others come and go, and a token that is decoded is the same
as one that was read with the prompt. Written against the contract, so that it runs over every executor.
"""

from __future__ import annotations

import logging
import time
from random import Random

from model_server.errors import SelfTestFailed
from model_server.executors.base import Executor, Logits

logger = logging.getLogger(__name__)

MAXIMUM_STEPS = 16
COMPANY_LENGTH = 32
READING_LENGTHS = (3, 8, 64)
# Of the logits of two graphs, which round differently in bfloat16: measured 0.9998 for the built-in model, and 0.99 for
# 32 layers of random weights. A decode that stands one position off brings one of the lengths down to 0.88, and 0.01.
MINIMUM_CORRELATION = 0.97


def check_executor(executor: Executor) -> None:
    """Raise SelfTestFailed unless `executor` is right; what its slots hold afterwards is of no use. Takes seconds."""
    started_seconds = time.monotonic()
    for length in READING_LENGTHS:
        _check_reading(executor, min(length, executor.capabilities.maximum_length))
    for length in _lengths(executor):
        _check_company(executor, length)
    limits, seconds = executor.capabilities, time.monotonic() - started_seconds
    logger.info("The self-test passed: %d slots of %d tokens, %.1f s.", limits.slots, limits.maximum_length, seconds)


def _steps(executor: Executor) -> int:
    return min(MAXIMUM_STEPS, executor.capabilities.maximum_length // 2)


def _lengths(executor: Executor) -> list[int]:
    """Return lengths of prompts: the shortest, one that grows across the middle, one that fills its slot."""
    longest, steps = executor.capabilities.maximum_length, _steps(executor)
    return sorted({2, max(2, (longest - steps) // 2), longest - steps + 1})


def _check_reading(executor: Executor, length: int) -> None:
    """Compare a token that is decoded with the same token read as the end of the prompt."""
    prompt = _prompt(executor, length, seed=0)
    executor.prefill(0, prompt[:-1])
    decoded = executor.decode([0], [prompt[-1]], [len(prompt) - 1])[0].clone()
    correlation = _correlation(decoded, executor.prefill(0, prompt))
    if not correlation >= MINIMUM_CORRELATION:
        raise SelfTestFailed(
            f"The self-test failed: after {len(prompt)} tokens, the logits of a decode and of a prefill in slot 0 "
            f"correlate by {correlation:.3f}, which is below {MINIMUM_CORRELATION}. This server takes no requests."
        )


def _check_company(executor: Executor, length: int) -> None:
    """Compare the answer to a prompt of `length` tokens, alone in the first slot and with all others in the last one.

    The others are never longer than it, so that both times the same compiled graph computes it, to the same bits.
    """
    prompt, last = _prompt(executor, length, seed=1), executor.capabilities.slots - 1
    alone, together = _answer_alone(executor, prompt), _answer_in_company(executor, prompt)
    for index, (expected, found) in enumerate(zip(alone, together, strict=True)):
        if found != expected:
            raise SelfTestFailed(
                f"The self-test failed: token {index + 1} after a prompt of {length} tokens is {expected} alone in "
                f"slot 0, but {found} in slot {last} while other slots decode. This server takes no requests."
            )


def _answer_alone(executor: Executor, prompt: list[int]) -> list[int]:
    sequences = {0: _begin(executor, 0, prompt)}
    for _ in range(_steps(executor) - 1):
        _decode(executor, sequences)
    return sequences[0][len(prompt) :]


def _answer_in_company(executor: Executor, prompt: list[int]) -> list[int]:
    """Answer in the last slot; of the others the first ends after a third of the steps, and after two begins anew."""
    last, steps = executor.capabilities.slots - 1, _steps(executor)
    length = min(len(prompt), COMPANY_LENGTH)
    sequences = {slot: _begin(executor, slot, _prompt(executor, length, seed=2 + slot)) for slot in range(last)}
    sequences[last] = _begin(executor, last, prompt)
    for step in range(steps - 1):
        if last > 0 and step == steps // 3:
            del sequences[0]
        if last > 0 and step == 2 * steps // 3:
            sequences[0] = _begin(executor, 0, _prompt(executor, length, seed=2 + last))
        _decode(executor, sequences)
    return sequences[last][len(prompt) :]


def _begin(executor: Executor, slot: int, prompt: list[int]) -> list[int]:
    """Return the sequence in `slot`: `prompt` and its first token."""
    return [*prompt, _best(executor.prefill(slot, prompt))]


def _decode(executor: Executor, sequences: dict[int, list[int]]) -> None:
    """Add a token to each of the sequences, which are all that are live."""
    tokens = [sequence[-1] for sequence in sequences.values()]
    positions = [len(sequence) - 1 for sequence in sequences.values()]
    for sequence, logits in zip(sequences.values(), executor.decode(list(sequences), tokens, positions), strict=True):
        sequence.append(_best(logits))


def _prompt(executor: Executor, length: int, seed: int) -> list[int]:
    random = Random(seed)
    return [random.randrange(executor.capabilities.vocabulary_size) for _ in range(length)]


def _best(logits: Logits) -> int:
    if not bool(logits.isfinite().all()):
        raise SelfTestFailed("The self-test failed: logits are not finite. This server takes no requests.")
    return int(logits.argmax())


def _correlation(first: Logits, second: Logits) -> float:
    """Return Pearson's correlation; not a number where a logit is none."""
    first, second = first - first.mean(), second - second.mean()
    return float(first.dot(second) / (first.norm() * second.norm()))
