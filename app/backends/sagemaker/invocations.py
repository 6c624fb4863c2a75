"""The two calls that ask an endpoint, as generators of bytes for a thread: they open the body and close it.

They raise what boto3 raises; `failures.py` knows what that is.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.connections import Line


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
            for event in events:
                yield event.get("PayloadPart", {}).get("Bytes", b"")


def whole_answer(clients: AwsClients, invocation: Invocation, line: Line) -> Generator[bytes]:
    """The answer in one piece, when it is complete."""
    with line.in_use():
        response = clients.runtime().invoke_endpoint(**invocation.arguments())
        with closing(response["Body"]) as body:
            yield body.read()
