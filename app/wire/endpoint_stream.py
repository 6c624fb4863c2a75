"""What a container behind an endpoint answers, whatever its dialect, to text and one end: the join of the parts.

    bytes ─ RecordLines, JsonPieces or WholeBody ─▶ Reading ─ StopText ─▶ TextDelta …, Finished

TGI, DJL LMI and vLLM in all their versions, streamed or not; golden files: `tests/wire/sagemaker/`. Nothing has to be
known of the container. It does not know SageMaker: how the bytes come is the backend's.
"""

from collections.abc import Iterator

from app.endpoint_errors import ContainerFailed, StreamMalformed
from app.errors import BackendError, BackendFailed, StreamInterrupted
from app.generation import Finished, FinishReason, StreamEvent, TextDelta, Usage
from app.text import encodable
from app.wire.json_pieces import JsonPieces, find_opening, may_become_opening
from app.wire.record_lines import BEGINNINGS, RecordLines
from app.wire.records import Reading
from app.wire.stop_text import StopText
from app.wire.whole_body import WholeBody, is_whole_body

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EndpointDecoder:
    """Feed it bytes in any pieces. It yields text, then exactly one Finished; call `close` at the end of input.

    `stop`: texts at which the answer ends, should the container leave them in. Raises StreamMalformed for what cannot
    be read, StreamInterrupted where the end did not come, and what `container_error` makes of an error in the stream;
    in each case only after all text that came.
    """

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._stop = StopText(stop)
        self._head = b""  # until it is clear what reads it
        self._reader: RecordLines | JsonPieces | WholeBody | None = None
        self._reason: FinishReason | None = None
        self._usage: Usage | None = None
        self.is_finished = False

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        if self._reader is None:
            chunk = self._choose_reader(self._head + chunk)
        if self._reader is not None and not self.is_finished:
            yield from self._events(self._reader.feed(chunk))

    def close(self) -> Iterator[StreamEvent]:
        if self._reader is None:
            self._reader = RecordLines()
            yield from self._events(self._reader.feed(self._head))
        if self.is_finished:
            return
        try:
            yield from self._events(self._reader.close())
        except StreamInterrupted:
            if self._reason in (None, FinishReason.UNKNOWN) and not self._stop.is_reached:
                raise
        if not self.is_finished:
            yield from self._finish()

    def _choose_reader(self, head: bytes) -> bytes:
        """What the reader is to be fed with, where `head` is long enough to choose one."""
        head = head.lstrip().removeprefix(_BYTE_ORDER_MARK).lstrip()
        self._head = b""
        if opening := find_opening(head):
            self._reader = JsonPieces(opening)
            return head[opening.end() :]
        if may_become_opening(head) or any(word.startswith(head) for word in (*BEGINNINGS, _BYTE_ORDER_MARK)):
            self._head = head
        else:
            self._reader = WholeBody() if is_whole_body(head) else RecordLines()
        return head

    def _events(self, readings: Iterator[Reading]) -> Iterator[StreamEvent]:
        try:
            for reading in readings:
                yield from self._accept(reading)
                if self.is_finished:
                    return
        except BackendError as error:
            yield from self._show(self._stop.flush())
            if isinstance(error, BackendFailed) and not isinstance(error, ContainerFailed):
                raise StreamMalformed(*error.args) from error
            raise

    def _accept(self, reading: Reading) -> Iterator[StreamEvent]:
        yield from self._show(self._stop.feed(encodable(reading.text)))
        if reading.failure:
            raise reading.failure
        self._reason = reading.reason or self._reason
        self._usage = reading.usage or self._usage
        # A container that does not stop where it should would go on until the longest answer.
        goes_on = self._reason in (None, FinishReason.UNKNOWN) and not reading.is_partial
        if reading.is_last or (self._stop.is_reached and goes_on):
            yield from self._finish()

    def _finish(self) -> Iterator[StreamEvent]:
        yield from self._show(self._stop.flush())
        reason = FinishReason.STOP if self._stop.is_reached else self._reason
        if reason is None:
            raise StreamInterrupted("the input ended before the answer did")
        self.is_finished = True
        yield Finished(reason, self._usage)

    def _show(self, text: str) -> Iterator[StreamEvent]:
        if text:
            yield TextDelta(text)
