"""The golden answers of containers, each with what it must be read as."""

from dataclasses import dataclass

from app.endpoint_errors import ContainerFailed, EndpointThrottled
from app.errors import BackendError, BackendRejected, PromptTooLong, StreamInterrupted
from app.generation import Finished, FinishReason, StreamEvent, TextDelta, Usage
from app.wire.endpoint_stream import EndpointDecoder
from tests.wire_files import wire_bytes

TEXTS = ["Hel", "lo, ", "naïve", " \u2028\x85", "你好 😀", '\n"\\\t']
TEXT = "".join(TEXTS)
STOP = ("###",)

_COUNTED = Finished(FinishReason.STOP, Usage(7, 7))
_ANSWER_COUNTED = Finished(FinishReason.STOP, Usage(None, 7))
_NOT_COUNTED = Finished(FinishReason.STOP)
_NO_REASON = Finished(FinishReason.UNKNOWN)

ANSWERS = {
    "tgi_1.1.sse": _ANSWER_COUNTED,
    "tgi_1.4.sse": _ANSWER_COUNTED,
    "tgi_2.1.sse": _ANSWER_COUNTED,
    "tgi_3.3.sse": _COUNTED,
    "tgi_3.3_kept_alive.sse": _COUNTED,
    "tgi_3.3_without_details.sse": _NO_REASON,
    "tgi_not_streamed.json": _ANSWER_COUNTED,
    "tgi_not_streamed_without_details.json": _NO_REASON,
    "tgi_messages_1.4.sse": _NOT_COUNTED,
    "tgi_messages_2.2.sse": _NOT_COUNTED,
    "tgi_messages_3.3.sse": _COUNTED,
    "tgi_messages_not_streamed.json": _COUNTED,
    "lmi_0.25_outputs.jsonl": _NO_REASON,
    "lmi_0.25_pieces.json": _NO_REASON,
    "lmi_0.26_pieces_with_details.json": _ANSWER_COUNTED,
    "lmi_0.26_pieces_tgi_compat.json": _ANSWER_COUNTED,
    "lmi_0.26.jsonl": _NOT_COUNTED,
    "lmi_0.27.jsonl": _ANSWER_COUNTED,
    "lmi_0.29.jsonl": _ANSWER_COUNTED,
    "lmi_0.29_without_details.jsonl": _NO_REASON,
    "lmi_tgi_compat.sse": _ANSWER_COUNTED,
    "lmi_async.jsonl": _COUNTED,
    "lmi_async_without_details.jsonl": _NO_REASON,
    "lmi_async_full_text.jsonl": _COUNTED,
    "lmi_async_not_streamed.json": Finished(FinishReason.UNKNOWN, Usage(None, 7)),
    "lmi_async_messages.jsonl": _COUNTED,
    "lmi_async_prompt.jsonl": _COUNTED,
    "lmi_messages.jsonl": _NOT_COUNTED,
    "lmi_messages_0.36.sse": _NOT_COUNTED,
    "lmi_messages_not_streamed.json": _COUNTED,
    "vllm_chat.sse": _COUNTED,
    "vllm_chat_without_usage.sse": _NOT_COUNTED,
    "vllm_chat_usage_on_every_chunk.sse": _COUNTED,
    "vllm_chat_not_streamed.json": _COUNTED,
    "vllm_completion.sse": _COUNTED,
    "vllm_completion_not_streamed.json": _COUNTED,
}

# Answers of the first two tokens
SHORT_ANSWERS = {
    "tgi_3.3_length.sse": Finished(FinishReason.LENGTH, Usage(7, 2)),
    "tgi_3.3_stop_sequence.sse": Finished(FinishReason.STOP, Usage(7, 4)),
    "lmi_0.29_length.jsonl": Finished(FinishReason.LENGTH, Usage(None, 2)),
}

FAILURES: dict[str, tuple[str, type[BackendError]]] = {
    "tgi_1.1_error_validation.sse": ("", PromptTooLong),
    "tgi_1.1_error_overloaded.sse": ("", EndpointThrottled),
    "tgi_3.3_error_generation.sse": ("Hello, ", ContainerFailed),
    "tgi_messages_2.2_error.sse": ("", BackendRejected),
    "tgi_messages_3.3_error.sse": ("Hel", ContainerFailed),
    "lmi_0.24_error.jsonl": ("Hello, ", ContainerFailed),
    "lmi_0.26_pieces_error.json": ("Hello, ", ContainerFailed),
    "lmi_0.29_error.jsonl": ("Hello, ", ContainerFailed),
    "lmi_0.29_aborted.jsonl": ("Hello, ", StreamInterrupted),
    "lmi_async_error.jsonl": ("Hello, ", ContainerFailed),
    "lmi_async_error_appended.jsonl": ("Hello, ", ContainerFailed),
    "vllm_chat_error.sse": ("Hello, ", ContainerFailed),
    "vllm_chat_error_object.sse": ("", PromptTooLong),
    "vllm_chat_aborted.sse": ("Hello, ", StreamInterrupted),
}

SAMPLES = sorted([*ANSWERS, *SHORT_ANSWERS, *FAILURES])


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came of a stream: `failure` is the error that ended it, if one did."""

    events: list[StreamEvent]
    failure: type[BackendError] | None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def end(self) -> Finished | None:
        """The one end, which is the last event."""
        ends = [event for event in self.events if isinstance(event, Finished)]
        assert ends == [] or ends == self.events[-1:]
        return ends[0] if ends else None


def sample(name: str) -> bytes:
    return wire_bytes(f"sagemaker/{name}")


def decode(chunks: list[bytes], stop: tuple[str, ...] = STOP) -> Answer:
    """Read `chunks` and the end of input. Errors of no backend come through."""
    decoder = EndpointDecoder(stop)
    events: list[StreamEvent] = []
    try:
        for chunk in chunks:
            events.extend(decoder.feed(chunk))
        events.extend(decoder.close())
    except BackendError as error:
        return Answer(events, type(error))
    assert decoder.is_finished
    return Answer(events, None)


def split(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]
