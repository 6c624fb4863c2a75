"""Frames that botocore cannot read: its own error, whatever it trips over, after what had come."""

import struct
from binascii import crc32
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.eventstream import EventStreamBuffer, ParserError

from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.connections import Line
from app.backends.sagemaker.failures import INVOKE_ACTION, backend_error
from app.backends.sagemaker.invocations import Invocation, streamed_answer
from app.endpoint_errors import StreamMalformed

GOOD = {"PayloadPart": {"Bytes": b"Hello"}}


class Body:
    """An event stream: what is good comes as it is, and the frame is parsed by botocore."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame
        self.is_closed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield GOOD
        buffer = EventStreamBuffer()
        buffer.add_data(self.frame)
        for message in buffer:
            message.to_response_dict()

    def close(self) -> None:
        self.is_closed = True


def frame(headers: bytes) -> bytes:
    """One with good checksums."""
    prelude = struct.pack("!II", 16 + len(headers), len(headers))
    prelude += struct.pack("!I", crc32(prelude))
    message = prelude + headers
    return message + struct.pack("!I", crc32(message))


@pytest.mark.parametrize(
    "headers",
    [
        b"\x01a\x63",  # of kind 99
        b"\x01a\x07\x00",  # cut within the length
        b"\x02\xff\xff\x00",  # a name that is not UTF-8
    ],
    ids=["unknown kind", "cut", "not UTF-8"],
)
def test_a_frame_that_botocore_trips_over_is_malformed(headers: bytes) -> None:
    assert_malformed(Body(frame(headers)))


def assert_malformed(body: Body) -> None:
    runtime = SimpleNamespace(invoke_endpoint_with_response_stream=lambda **_: {"Body": body})
    clients = cast(AwsClients, SimpleNamespace(runtime=lambda: runtime))
    pieces = streamed_answer(clients, Invocation("chat", None, b"{}", accepts_eula=False), Line())
    assert next(pieces) == b"Hello"
    with pytest.raises(ParserError) as raised:
        next(pieces)
    assert type(backend_error(raised.value, INVOKE_ACTION)) is StreamMalformed
    assert body.is_closed
