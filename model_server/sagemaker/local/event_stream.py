"""AWS's event stream, written by hand: messages of headers and a payload, with two checksums. Pure.

All numbers are big-endian: length of the message, length of its headers, CRC of these two; headers; payload; CRC of all
before. Does not know what the payload is.
"""

from __future__ import annotations

import json
import struct
from zlib import crc32

STRING = 7  # the only type of header that SageMaker writes


def encode_part(payload: bytes) -> bytes:
    """Return the message that carries these bytes of an answer."""
    return encode_message(
        {":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}, payload
    )


def encode_exception(kind: str, content: dict[str, str]) -> bytes:
    """Return the message that ends a stream with one of the exceptions of the service's model."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return encode_message(headers, json.dumps(content).encode())


def encode_error(code: str, sentence: str) -> bytes:
    """Return the message that ends a stream with an error that the service's model does not know."""
    return encode_message({":error-code": code, ":error-message": sentence, ":message-type": "error"}, b"")


def encode_message(headers: dict[str, str], payload: bytes) -> bytes:
    head = b"".join(_encode_header(name.encode(), value.encode()) for name, value in headers.items())
    lengths = struct.pack("!II", 12 + len(head) + len(payload) + 4, len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + payload
    return message + struct.pack("!I", crc32(message))


def _encode_header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", STRING, len(value)) + value
