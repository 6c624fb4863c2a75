"""The contract between the scheduler and a device: exactly what transformers-neuronx can do; more is a capability.

A device holds a fixed number of slots, each with room for one sequence. The scheduler decides, the executor computes.
Does not know of requests, text or sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from model_server.errors import InternalError

if TYPE_CHECKING:
    import torch

Logits: TypeAlias = "torch.Tensor"  # float32; named here, so that who only hands them on need not know torch

MINIMUM_PROMPT_LENGTH = 2  # a prompt of one token would be taken for a decode step by transformers-neuronx


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The explicit limits of an executor, lengths in tokens, and what it can do more than the least.

    `extends_prefix`: a prefill may begin where the content of its slot ends, or earlier, and a slot keeps its content
    while it is left out of decodes. So a prompt can be read in pieces, and what a slot holds can be used again.
    Without it, a prefill begins at 0 and takes the whole prompt.
    """

    slots: int
    maximum_length: int
    vocabulary_size: int
    extends_prefix: bool = False


class Executor(Protocol):
    """One device with one model.

    All methods are called by one thread, the one that made the executor. Slots are numbered 0 to `slots` - 1. A slot
    needs no cleaning: a prefill overwrites what was there. A call outside the limits raises InternalError before
    anything is computed; after any other exception the content of all slots is undefined.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def prefill(self, slot: int, tokens: Sequence[int], start: int = 0) -> Logits:
        """Put `tokens` into `slot` from position `start` on and return the float32 logits after the last one.

        The result has the shape [vocabulary_size]. No other slot is touched. With `start` above 0, which needs
        `extends_prefix`, the slot must hold the `start` tokens before; what it held from there on is gone. Takes at
        least 1 token, without `extends_prefix` at least 2, and no position may reach `maximum_length`.
        """

    def decode(self, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]) -> Logits:
        """Add one token to each sequence and return the float32 logits after it, [len(slots), vocabulary_size].

        `slots` must hold all live slots, each once, in any order; row i of the result belongs to `slots[i]`. A slot
        is live when its prompt has been read whole and its sequence goes on. What other slots hold is touched only
        without `extends_prefix`: transformers-neuronx writes all rows, so that position 0 of the others is lost.
        `positions[i]` is where `tokens[i]` stands in its sequence, counted from 0 and below `maximum_length`.
        """

    def close(self) -> None:
        """Give back what the device holds. No other method is called afterwards."""


def check_prefill(capabilities: Capabilities, slot: int, tokens: Sequence[int], start: int) -> None:
    """Raise InternalError unless `prefill(slot, tokens, start)` is within the contract."""
    if not 0 <= slot < capabilities.slots:
        raise InternalError(f"prefill into slot {slot}, but there are {capabilities.slots}")
    if start < 0 or (start > 0 and not capabilities.extends_prefix):
        raise InternalError(f"prefill from position {start}, which this executor cannot do")
    fewest = 1 if capabilities.extends_prefix else MINIMUM_PROMPT_LENGTH
    if not fewest <= len(tokens) <= capabilities.maximum_length - start:
        raise InternalError(
            f"prefill of {len(tokens)} tokens from position {start}, "
            f"but {fewest} to {capabilities.maximum_length - start} are allowed"
        )
    _check_vocabulary(capabilities, tokens)


def check_decode(
    capabilities: Capabilities, slots: Sequence[int], tokens: Sequence[int], positions: Sequence[int]
) -> None:
    """Raise InternalError unless `decode(slots, tokens, positions)` is within the contract."""
    if not len(slots) == len(tokens) == len(positions) > 0:
        raise InternalError(f"decode of {len(slots)} slots with {len(tokens)} tokens at {len(positions)} positions")
    if len(set(slots)) != len(slots):
        raise InternalError(f"decode names a slot twice: {list(slots)}")
    if not all(0 <= slot < capabilities.slots for slot in slots):
        raise InternalError(f"decode of slots {list(slots)}, but there are {capabilities.slots}")
    if not all(0 <= position < capabilities.maximum_length for position in positions):
        raise InternalError(f"decode at {list(positions)}, but the last position is {capabilities.maximum_length - 1}")
    _check_vocabulary(capabilities, tokens)


def _check_vocabulary(capabilities: Capabilities, tokens: Sequence[int]) -> None:
    if not 0 <= min(tokens) <= max(tokens) < capabilities.vocabulary_size:
        raise InternalError(f"a token is outside of the vocabulary of {capabilities.vocabulary_size}")
