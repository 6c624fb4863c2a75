"""The local SageMaker: one listening socket, the runtime and the control plane behind it.

Knows which request goes where. Every answer is made in a task of its own, which is cancelled when its client goes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import time
from collections.abc import Sequence
from types import TracebackType

import h11
from starlette.types import ASGIApp

from model_server.sagemaker.local.aws_errors import AwsError, no_signature
from model_server.sagemaker.local.connection_log import ConnectionLog
from model_server.sagemaker.local.control_plane import ControlPlane
from model_server.sagemaker.local.endpoints import Endpoint
from model_server.sagemaker.local.frames import BrokenOff
from model_server.sagemaker.local.http_connection import HttpConnection, HttpRequest
from model_server.sagemaker.local.runtime import Runtime

logger = logging.getLogger(__name__)

INVOCATION = re.compile(r"/endpoints/([A-Za-z0-9](?:-*[A-Za-z0-9]){0,62})/invocations(-response-stream)?")
JSON_HEADERS = {"Content-Type": "application/json"}
CONTROL_PLANE_HEADERS = {"Content-Type": "application/x-amz-json-1.1"}
SLOW_SECONDS = 3.0


class LocalSageMaker:
    """Serves on a socket while its context is open. `application` is the model server, already started.

    `endpoints` may be exchanged at any time, from any thread; `log` tells what was asked.
    """

    def __init__(
        self,
        application: ASGIApp,
        endpoints: Sequence[Endpoint],
        listener: socket.socket | None = None,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self.log = ConnectionLog()
        self._created_seconds = time.time()
        self.endpoints = tuple(endpoints)
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._runtime = Runtime(application, slow_seconds)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return self._endpoints

    @endpoints.setter
    def endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = tuple(endpoints)
        self._control_plane = ControlPlane(self._endpoints, self._created_seconds)

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    async def __aenter__(self) -> LocalSageMaker:
        self._server = await asyncio.start_server(self._accept, sock=self._listener)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.log.opened()
        connection = HttpConnection(reader, writer)
        try:
            while (request := await connection.next_request()) is not None:
                await self._answer_or_cancel(connection, request)
                if not connection.is_reusable:
                    return
        except (h11.RemoteProtocolError, OSError, BrokenOff) as error:
            logger.debug("A connection ended: %r", error)
        except Exception:
            logger.exception("A connection failed in a way that was not foreseen.")
        finally:
            connection.close()
            self.log.closed()

    async def _answer_or_cancel(self, connection: HttpConnection, request: HttpRequest) -> None:
        """Answer, or stop at once where the client goes before the answer is complete."""
        self.log.asked(request)
        answering = asyncio.create_task(self._answer(connection, request))
        watching = asyncio.create_task(connection.wait_until_gone())
        try:
            await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_broken_off = not answering.done()
            for task in (answering, watching):
                task.cancel()
            results = await asyncio.gather(answering, watching, return_exceptions=True)
            self.log.answered(is_broken_off=is_broken_off or isinstance(results[0], OSError))
        if isinstance(results[0], Exception):
            raise results[0]

    async def _answer(self, connection: HttpConnection, request: HttpRequest) -> None:
        if request.path == "/healthz" and request.method == "GET":
            await connection.answer(200, JSON_HEADERS, b'{"status":"ok"}')
        elif request.method == "POST" and (found := INVOCATION.fullmatch(request.path)):
            await self._invoke(connection, request, found[1], is_streamed=found[2] is not None)
        elif request.method == "POST" and request.path == "/":
            await self._describe(connection, request)
        else:
            await connection.answer(404, {"x-amzn-ErrorType": "UnknownOperationException", **JSON_HEADERS}, b"{}")

    async def _invoke(self, connection: HttpConnection, request: HttpRequest, name: str, *, is_streamed: bool) -> None:
        try:
            _require_signature(request)
            endpoint = next((each for each in self.endpoints if each.name == name), None)
            await self._runtime.invoke(connection, request, endpoint, name, is_streamed)
        except AwsError as error:
            await connection.answer(error.status, {**error.headers, **JSON_HEADERS}, error.runtime_body())

    async def _describe(self, connection: HttpConnection, request: HttpRequest) -> None:
        try:
            _require_signature(request)
            operation = request.headers.get("x-amz-target", "").removeprefix("SageMaker.")
            content = json.dumps(self._control_plane.answer(operation, request.body)).encode()
        except AwsError as error:
            await connection.answer(
                error.status, {**error.headers, **CONTROL_PLANE_HEADERS}, error.control_plane_body()
            )
        else:
            await connection.answer(200, CONTROL_PLANE_HEADERS, content)


def _require_signature(request: HttpRequest) -> None:
    if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        raise no_signature()
