"""One answer in the making: its tokens, the text that they become, and the channel that its reader holds.

Joins a sequence with its detokenizer and stop strings. Called by the engine's thread only; does not schedule.
"""

from __future__ import annotations

from collections.abc import Sequence as Pieces

from model_server.engine.channel import Channel
from model_server.engine.detokenizer import Detokenizer
from model_server.engine.request import Finished, FinishReason, GenerationRequest, StreamEvent, TextDelta
from model_server.engine.sequence import Sequence
from model_server.engine.stopping import StopFilter
from model_server.errors import InternalError


class Generation:
    def __init__(
        self,
        request: GenerationRequest,
        pieces: Pieces[bytes],
        channel: Channel,
        deadline_seconds: float,
        arrival_seconds: float,
    ) -> None:
        self.sequence = Sequence(request.prompt, request.sampling, deadline_seconds, arrival_seconds)
        self.channel = channel
        self._detokenizer = Detokenizer(pieces)
        self._stop_filter = StopFilter(request.sampling.stop)
        self._is_stopped = False
        self._drops_space = request.is_message  # the template's, between its last control string and the answer

    def accept_token(self) -> tuple[str, bool]:
        """Turn the sequence's last token into text; return what may be shown, and whether a stop string ended it."""
        sequence = self.sequence
        is_end_token = sequence.finish_reason is FinishReason.STOP
        text = "" if is_end_token else self._detokenizer.feed(sequence.last_token)
        if sequence.is_finished:
            text += self._detokenizer.flush()
        shown, self._is_stopped = self._stop_filter.feed(self._without_space(text))
        if sequence.is_finished and not self._is_stopped:
            shown += self._stop_filter.flush()
        return shown, self._is_stopped

    def events(self, text: str) -> list[StreamEvent]:
        """Return the events of a step: the text, and the end where the sequence has ended."""
        events: list[StreamEvent] = [TextDelta(text)] if text else []
        if self.sequence.is_finished:
            if self.sequence.finish_reason is None:
                raise InternalError("a cancelled sequence has no reader")
            # a stop string in the very last token that was allowed: the answer is complete, not cut
            reason = FinishReason.STOP if self._is_stopped else self.sequence.finish_reason
            events.append(Finished(reason, self.sequence.usage, self._is_stopped))
        return events

    def _without_space(self, text: str) -> str:
        if self._drops_space and text:
            self._drops_space = False
            return text.removeprefix(" ")
        return text
