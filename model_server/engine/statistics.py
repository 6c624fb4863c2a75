"""What the engine has done so far, as counters that only grow.

Written by the engine's thread only, a few additions each step, and read by any thread without a lock: a reader may see
a step half added, which the next look corrects. A token's time is the end of the step that made it. Knows no clock.
"""

from __future__ import annotations

from model_server.engine.histogram import Histogram
from model_server.engine.sequence import Sequence

STEP_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
WAIT_BOUNDS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class EngineStatistics:
    """Tokens are counted as `usage` counts them, so that the sums agree; steps that failed are not counted."""

    def __init__(self) -> None:
        self.prompt_tokens = 0  # of prompts that were read to their end
        self.cached_tokens = 0  # of these, what a slot still held
        self.generated_tokens = 0
        self.prefill_seconds = Histogram(STEP_BOUNDS_SECONDS)  # of a whole step, sampling included
        self.decode_seconds = Histogram(STEP_BOUNDS_SECONDS)
        self.queue_seconds = Histogram(WAIT_BOUNDS_SECONDS)  # arrival to slot, of answers that got their first token
        self.first_token_seconds = Histogram(WAIT_BOUNDS_SECONDS)  # arrival to first token
        self.inter_token_seconds = Histogram(STEP_BOUNDS_SECONDS)  # every later token, from the one before
        self._first_tokens_at_seconds = 0.0  # when the last prefills were done
        self._decoded_at_seconds = 0.0

    def add_step(self, is_prefill: bool, start_seconds: float, end_seconds: float, advanced: list[Sequence]) -> None:
        """Count one step, in which each of `advanced` got a token; a decode of nothing is none."""
        self.generated_tokens += len(advanced)
        if is_prefill:
            self.prefill_seconds.observe(end_seconds - start_seconds)
            for sequence in advanced:
                self._add_first_token(sequence, end_seconds)
        elif advanced:
            self.decode_seconds.observe(end_seconds - start_seconds)
            self._add_gaps(end_seconds, advanced)

    def _add_first_token(self, sequence: Sequence, now_seconds: float) -> None:
        sequence.first_token_seconds = self._first_tokens_at_seconds = now_seconds
        self.prompt_tokens += sequence.prompt_length
        self.cached_tokens += sequence.cached_length
        if sequence.start_seconds is not None:
            self.queue_seconds.observe(sequence.start_seconds - sequence.arrival_seconds)
        self.first_token_seconds.observe(now_seconds - sequence.arrival_seconds)

    def _add_gaps(self, now_seconds: float, advanced: list[Sequence]) -> None:
        """Every live slot is in every decode, so there are two gaps at most: since the last decode, or since a prefill
        after it, which is where those with their second token come from."""
        fresh = 0
        if self._first_tokens_at_seconds >= self._decoded_at_seconds:
            fresh = sum(sequence.completion_length == 2 for sequence in advanced)
            if fresh:
                self.inter_token_seconds.observe(now_seconds - self._first_tokens_at_seconds, fresh)
        if fresh < len(advanced):
            self.inter_token_seconds.observe(now_seconds - self._decoded_at_seconds, len(advanced) - fresh)
        self._decoded_at_seconds = now_seconds
