"""The dialect of OpenAI's `/v1/completions`: request bodies, and streamed answers to events.

It is what this product's model server speaks, and vLLM, TGI and llama.cpp. Golden files: `tests/wire/`.
"""

from collections.abc import Iterator
from typing import Any

from app.errors import BackendFailed, StreamInterrupted
from app.generation import Finished, FinishReason, GenerationRequest, StreamEvent, TextDelta, Usage
from app.text import encodable
from app.wire.choices import read_choices
from app.wire.records import as_record, json_values
from app.wire.server_sent_events import EventDecoder

_END = "[DONE]"


def completion_body(request: GenerationRequest, model_id: str) -> dict[str, Any]:
    """The JSON body. `top_k` and `repetition_penalty` are not OpenAI's; vLLM, TGI and our server know them."""
    parameters = request.parameters
    body: dict[str, Any] = {
        "model": model_id,
        "prompt": request.prompt,
        "max_tokens": parameters.max_tokens,
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "top_k": parameters.top_k,
        "repetition_penalty": parameters.repetition_penalty,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if parameters.seed is not None:
        body["seed"] = parameters.seed
    if parameters.stop:
        body["stop"] = list(parameters.stop)
    if parameters.ignore_eos:
        body["ignore_eos"] = True
    return body


class CompletionDecoder:
    """Feed it bytes in any pieces. It yields text, then exactly one Finished, once `[DONE]` has come.

    Raises BackendFailed for an error event or for what is not in the dialect; `close`, to be called at the end of
    input, raises StreamInterrupted where the end did not come. Only `[DONE]` is the end: a server that dies simply
    stops sending.
    """

    def __init__(self) -> None:
        self._events = EventDecoder()
        self._reason: FinishReason | None = None
        self._usage: Usage | None = None
        self.is_finished = False

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        for data in self._events.feed(chunk):
            if self.is_finished:
                return
            if data == _END:
                yield self._finish()
            else:
                for value in json_values(data):
                    yield from self._accept(as_record(value))

    def close(self) -> None:
        if not self.is_finished:
            raise StreamInterrupted("the body ended before [DONE]")

    def _finish(self) -> Finished:
        if self._reason is None:
            raise StreamInterrupted("[DONE] came before a finish_reason")
        self.is_finished = True
        return Finished(self._reason, self._usage)

    def _accept(self, record: dict[str, Any]) -> Iterator[StreamEvent]:
        if "error" in record:
            raise BackendFailed(f"error event: {record['error']!r}")
        reading = read_choices(record)
        if reading.text:
            yield TextDelta(encodable(reading.text))
        if reading.failure:
            raise reading.failure
        self._reason = reading.reason or self._reason
        self._usage = reading.usage or self._usage
