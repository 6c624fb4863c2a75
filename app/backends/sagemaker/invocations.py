"""The two calls that ask an endpoint, as generators of bytes for a thread: they open the body and close it.

They raise what boto3 raises; `failures.py` knows what that is.
"""

import struct
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from botocore.eventstream import ParserError

from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.connections import Line

# A payload that is no JSON object, a header of no known kind, one that is cut, one that is not UTF-8.
_TRIPS = (AttributeError, KeyError, struct.error, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What is asked. There is nothing here for the chat's session: SageMaker's own must be opened by another call."""

    endpoint_name: str
    component_name: str | None
    body: bytes
    accepts_eula: bool

    def arguments(self) -> dict[str, object]:
        arguments: dict[str, object] = {
            "EndpointName": self.endpoint_name,
            "ContentType": "application/json",
            "Body": self.body,
        }
        if self.component_name is not None:
            arguments["InferenceComponentName"] = self.component_name
        if self.accepts_eula:
            arguments["CustomAttributes"] = "accept_eula=true"
        return arguments


def streamed_answer(clients: AwsClients, invocation: Invocation, line: Line) -> Generator[bytes]:
    """The answer as it is made, cut anywhere."""
    with line.in_use():
        response = clients.runtime().invoke_endpoint_with_response_stream(**invocation.arguments())
        with closing(response["Body"]) as events:
            for event in _read(events):
                yield event.get("PayloadPart", {}).get("Bytes", b"")


def _read(events: Iterable[dict[str, Any]]) -> Generator[dict[str, Any]]:
    """The events; what botocore trips over in a frame that is not as it should be becomes its own ParserError."""
    reading = iter(events)
    while True:
        try:
            event = next(reading)
        except StopIteration:
            return
        except _TRIPS as error:
            raise ParserError(f"{type(error).__name__}: {error}") from error
        yield event


def whole_answer(clients: AwsClients, invocation: Invocation, line: Line) -> Generator[bytes]:
    """The answer in one piece, when it is complete."""
    with line.in_use():
        response = clients.runtime().invoke_endpoint(**invocation.arguments())
        with closing(response["Body"]) as body:
            yield body.read()
