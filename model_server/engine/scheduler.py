"""Decides what the executor computes next: continuous batching over its slots, first come, first served.

A step is either a round of prefills, which give new sequences their first token, or one decode of all live slots. The
two alternate while prompts are to be read, and a round reads a bounded number of tokens, so that between two tokens of
a running answer there is never more than one round. Alternating, not both in one step, because a step ends with cancels
and stop strings: so these never wait for more than one call's worth of work, and no sequence gets two tokens at once.

Where the executor can extend a prefix, a longer prompt is read in pieces; elsewhere whole, alone in its round. At most
one sequence is between two pieces: the others behind it wait. A sequence that ends frees its slot in the same step;
where the executor can extend a prefix, the slot remembers what it holds, and a later prompt is read only from where it
differs. Says who must go away, because the queue is full or the time is over. Never touches a tensor or sees text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from model_server.engine.request import FinishReason
from model_server.engine.sequence import Sequence, SequenceState
from model_server.engine.slots import SlotPool
from model_server.errors import ServerBusy
from model_server.executors.base import Executor, Logits

PREFILL_TOKENS_PER_ROUND = 512  # enough to keep a processor busy; more would only stall the others

# (logits [rows, vocabulary] or [vocabulary], the sequences of the rows) → one token per row
Sampler = Callable[[Logits, list[Sequence]], list[int]]


class Scheduler:
    """Owned by the engine's thread; every method is called there."""

    def __init__(
        self,
        executor: Executor,
        sample: Sampler,
        end_token_ids: frozenset[int],
        *,
        queue_limit: int | None = None,
        prefill_tokens_per_round: int = PREFILL_TOKENS_PER_ROUND,
    ) -> None:
        self._executor = executor
        self._sample = sample
        self._end_token_ids = end_token_ids
        self.queue_limit = queue_limit  # any thread may change it
        self._prefill_tokens_per_round = prefill_tokens_per_round
        self._slots = SlotPool(executor.capabilities.slots)
        self._waiting: deque[Sequence] = deque()
        self._prefilling: Sequence | None = None
        self._running: dict[int, Sequence] = {}  # by slot
        self._prefilled_last = False
        self._now_seconds = 0.0

    @property
    def has_work(self) -> bool:
        return bool(self._waiting or self._prefilling or self._running)

    @property
    def running(self) -> list[Sequence]:
        """The sequences that get a token in every decode, ordered by slot."""
        return [self._running[slot] for slot in sorted(self._running)]

    @property
    def waiting(self) -> list[Sequence]:
        return list(self._waiting)

    @property
    def waiting_count(self) -> int:
        """How many wait; like `free_slots` to be read by any thread."""
        return len(self._waiting)

    @property
    def free_slots(self) -> int:
        return self._slots.free_count

    @property
    def prefilled_last(self) -> bool:
        """Whether the last step was a round of prefills."""
        return self._prefilled_last

    def add(self, sequence: Sequence) -> None:
        """Let a sequence wait for a slot; raise ServerBusy where as many wait as may, besides the free slots."""
        if self.queue_limit is not None and len(self._waiting) >= self.free_slots + self.queue_limit:
            raise ServerBusy()
        self._waiting.append(sequence)

    def expire(self, now_seconds: float) -> list[Sequence]:
        """End the sequences whose deadline has come, wherever they are, and return them; their slots are free."""
        expired = [one for one in [*self._waiting, *self._in_slots] if one.deadline_seconds <= now_seconds]
        for sequence in expired:
            self.finish(sequence, None)
        return expired

    def step(self, now_seconds: float = 0.0) -> list[Sequence]:
        """Compute one round and return the sequences that got a token, some of them finished by it.

        Sequences that get a slot in it are marked with `now_seconds`.
        """
        self._now_seconds = now_seconds
        is_prefill_round = self._can_prefill and not (self._prefilled_last and self._running)
        self._prefilled_last = is_prefill_round
        return self._prefill_round() if is_prefill_round else self._decode_round()

    def finish(self, sequence: Sequence, reason: FinishReason | None) -> None:
        """End a sequence in any state and free its slot; without a reason it was cancelled. Harmless when repeated."""
        if sequence.state is SequenceState.WAITING:
            self._waiting.remove(sequence)
        elif sequence.slot is not None:
            if sequence is self._prefilling:
                self._prefilling = None
            self._running.pop(sequence.slot, None)
            extends = self._executor.capabilities.extends_prefix
            self._slots.release(sequence.slot, sequence.tokens[: sequence.computed_length if extends else 0])
        sequence.finish_reason = sequence.finish_reason or reason
        sequence.slot = None
        sequence.state = SequenceState.FINISHED

    def abandon(self) -> None:
        """End all that is in slots, after a step that failed: what the slots hold is undefined. Who waits goes on."""
        for sequence in self._in_slots:
            self.finish(sequence, None)
        self._slots.forget()

    @property
    def _in_slots(self) -> list[Sequence]:
        return [*self._running.values(), *filter(None, [self._prefilling])]

    @property
    def _can_prefill(self) -> bool:
        return self._prefilling is not None or bool(self._waiting and self.free_slots)

    def _prefill_round(self) -> list[Sequence]:
        advanced: list[Sequence] = []
        room = self._prefill_tokens_per_round
        while room > 0 and self._can_prefill:
            sequence = self._prefilling or self._admit()
            length = self._piece_length(sequence, room)
            if not length:
                break
            room -= length
            if self._prefill_piece(sequence, length):
                advanced.append(sequence)
        return advanced

    def _piece_length(self, sequence: Sequence, room: int) -> int:
        """Return how much of a prompt to read now; 0 leaves it to the next round, as one piece is better than two."""
        rest = sequence.prompt_length - sequence.computed_length
        if rest <= room:
            return rest
        is_first_of_round = room == self._prefill_tokens_per_round
        if not is_first_of_round:
            return 0
        return room if self._executor.capabilities.extends_prefix else rest

    def _prefill_piece(self, sequence: Sequence, length: int) -> bool:
        """Read the next tokens of a prompt; return whether it has been read to its end and has its first token."""
        slot, start = self._slot_of(sequence), sequence.computed_length
        logits = self._executor.prefill(slot, sequence.tokens[start : start + length], start)
        sequence.computed_length += length
        if sequence.computed_length < sequence.prompt_length:
            return False
        self._prefilling = None
        self._running[slot] = sequence
        sequence.state = SequenceState.RUNNING
        self._advance([sequence], logits)
        return True

    def _decode_round(self) -> list[Sequence]:
        sequences = self.running
        if sequences:
            logits = self._executor.decode(
                [self._slot_of(sequence) for sequence in sequences],
                [sequence.last_token for sequence in sequences],
                [sequence.last_position for sequence in sequences],
            )
            for sequence in sequences:
                sequence.computed_length += 1
            self._advance(sequences, logits)
        return sequences

    def _admit(self) -> Sequence:
        sequence = self._waiting.popleft()
        # the last token is always computed, for the logits after it
        sequence.slot, sequence.cached_length = self._slots.acquire(sequence.tokens[:-1])
        sequence.computed_length = sequence.cached_length
        sequence.start_seconds = self._now_seconds
        sequence.state = SequenceState.PREFILLING
        self._prefilling = sequence
        return sequence

    def _advance(self, sequences: list[Sequence], logits: Logits) -> None:
        for sequence, token in zip(sequences, self._sample(logits, sequences), strict=True):
            sequence.tokens.append(token)
            if token in self._end_token_ids and not sequence.sampling.ignores_end_token:
                self.finish(sequence, FinishReason.STOP)
            elif sequence.completion_length >= sequence.sampling.max_tokens:
                self.finish(sequence, FinishReason.LENGTH)

    def _slot_of(self, sequence: Sequence) -> int:
        if sequence.slot is None:
            raise RuntimeError("a running sequence has no slot")
        return sequence.slot
