"""SageMaker's runtime: an endpoint's container asked for an answer, whole or as an event stream.

The order of checks and the sentences are AWS's where they are known. Signatures must be there, and are not checked.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp

from model_server.sagemaker.local.aws_errors import endpoint_not_found, model_error, validation_error
from model_server.sagemaker.local.container import ContainerAnswer, ask_container
from model_server.sagemaker.local.dialects.base import ContainerRefusal
from model_server.sagemaker.local.endpoints import Container, Endpoint
from model_server.sagemaker.local.faults import Fault, refusal
from model_server.sagemaker.local.frames import FrameWriter
from model_server.sagemaker.local.http_connection import HttpConnection, HttpRequest

COMPONENT_HEADER = "x-amzn-sagemaker-inference-component"
VARIANT = {"x-Amzn-Invoked-Production-Variant": "AllTraffic"}
NO_CHAT = '{"code":400,"type":"InternalServerException","message":"could not convert string to float"}'


class Runtime:
    """`slow_seconds`: how long a slow first byte takes."""

    def __init__(self, application: ASGIApp, slow_seconds: float) -> None:
        self._application = application
        self._slow_seconds = slow_seconds

    async def invoke(
        self, connection: HttpConnection, request: HttpRequest, endpoint: Endpoint | None, name: str, is_streamed: bool
    ) -> None:
        """Answer a request for the endpoint of this name; raises AwsError before anything was written."""
        fault = endpoint.fault if endpoint else None
        container = _choose_container(request, endpoint, name)
        if is_streamed and endpoint is not None and endpoint.is_serverless:
            raise validation_error(f"Endpoint {name} is serverless, which response streaming is not available for.")
        await self._be_slow(fault)
        if container.dialect is None:
            raise model_error(name, 400, NO_CHAT)
        try:
            async with ask_container(container.dialect, self._application, request.body, fault) as answer:
                if is_streamed:
                    await FrameWriter(connection, fault).write(answer, VARIANT)
                else:
                    await _answer_whole(connection, answer)
        except ContainerRefusal as refused:
            raise model_error(name, refused.status, refused.body) from refused

    async def _be_slow(self, fault: Fault | None) -> None:
        if fault is Fault.SLOW_FIRST_BYTE:
            await asyncio.sleep(self._slow_seconds)
        if fault is Fault.NO_FIRST_BYTE:
            await asyncio.Future()  # until the client goes


def _choose_container(request: HttpRequest, endpoint: Endpoint | None, name: str) -> Container:
    refused = refusal(endpoint.fault, name) if endpoint else None
    if refused is not None:
        raise refused
    if request.is_too_large:
        raise validation_error("The request body is larger than 6291456 bytes.")
    if endpoint is None or not endpoint.is_serving:
        raise endpoint_not_found(name)
    wanted = request.headers.get(COMPONENT_HEADER)
    if endpoint.container is not None:
        if wanted is not None:
            raise validation_error(f"Endpoint {name} has no inference component {wanted}.")
        return endpoint.container
    return _choose_component(endpoint, wanted)


def _choose_component(endpoint: Endpoint, wanted: str | None) -> Container:
    if wanted is None:
        raise validation_error("Inference Component Name header is required for endpoints with inference components.")
    for component in endpoint.components:
        if component.name == wanted:
            if not component.copies:
                raise validation_error("Inference Component has no capacity to process this request.")
            return component.container
    raise validation_error(f"Inference Component {wanted} not found in endpoint {endpoint.name}.")


async def _answer_whole(connection: HttpConnection, answer: ContainerAnswer) -> None:
    body = b"".join([piece async for piece in answer.pieces])
    await connection.answer(200, {"Content-Type": answer.media_type, **VARIANT}, body)
