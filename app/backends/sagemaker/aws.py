"""boto3's clients for SageMaker, made when they are first needed, and the short calls of the control plane.

Making a client reads files and may ask the network for credentials, so it happens in threads only. Region, profile,
credentials, endpoint addresses and certificates are boto3's own to find.
"""

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import aclosing
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, EndpointConnectionError, NoCredentialsError
from botocore.parsers import ResponseParserError

from app.backends.blocking import iterate_in_thread
from app.backends.sagemaker.connections import Line, make_cuttable
from app.backends.sagemaker.failures import AWS_FAILURES, backend_error
from app.backends.sagemaker.limits import READ_TIMEOUT_SECONDS
from app.endpoint_errors import AwsCredentialsRefused, AwsUnreachable
from app.errors import BackendError

Result = TypeVar("Result")

# One attempt: botocore's four more would each be a generation on the accelerator. The chat waits and retries above.
_RUNTIME = Config(
    connect_timeout=5,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"total_max_attempts": 1, "mode": "standard"},
    tcp_keepalive=True,
    max_pool_connections=128,
)
_CONTROL = Config(
    connect_timeout=5,
    read_timeout=20,
    # Adaptive: a long list slows down to the rate that SageMaker allows, instead of using its attempts up.
    retries={"total_max_attempts": 5, "mode": "adaptive"},
    max_pool_connections=8,
)
_CONTROL_CALLS = 4
# What becomes of answers of another kind of server, at a wrong AWS_ENDPOINT_URL.
_NOT_SAGEMAKER = (ResponseParserError, KeyError, TypeError, AttributeError)


class AwsClients:
    """`region` None: as boto3 finds it. Clients are made once and shared by all threads."""

    def __init__(self, region: str | None) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._control_calls = asyncio.Semaphore(_CONTROL_CALLS)

    def runtime(self) -> Any:
        """The client that invokes endpoints. Blocks, so only for threads; raises what boto3 raises."""
        return self._client("sagemaker-runtime", _RUNTIME)

    def control(self) -> Any:
        """The client that lists and describes. Blocks, so only for threads; raises what boto3 raises."""
        return self._client("sagemaker", _CONTROL)

    async def prepare(self) -> None:
        """Makes the control plane's client, which looks for region and credentials; asks SageMaker nothing."""
        await self.call("sagemaker", lambda _: None)

    async def call(self, action: str, work: Callable[[Any], Result]) -> Result:
        """`work(control client)`, in a thread; it may make several calls.

        `action` is IAM's name of what it does, for the sentence where that is denied: `sagemaker:ListEndpoints`.
        Raises a BackendError for whatever AWS, boto3 or the network refuse.
        """
        line = Line()

        def source() -> Generator[Result]:
            with line.in_use():
                yield work(self.control())

        async with self._control_calls:
            try:
                async with aclosing(iterate_in_thread(source, line.cut, action)) as results:
                    return await anext(results)
            except AWS_FAILURES as error:
                raise self.failure(error, action) from error
            except _NOT_SAGEMAKER as error:
                raise AwsUnreachable(f"{action} was answered in no form of SageMaker's: {error!r}") from error

    def failure(self, error: Exception, action: str) -> BackendError:
        """The app's error. Credentials that were refused are looked for anew by the next call: somebody renews them."""
        result = backend_error(error, action)
        if isinstance(result, AwsCredentialsRefused):
            with self._lock:
                self._clients.clear()  # not closed: other threads may use them
        return result

    async def aclose(self) -> None:
        """Closes what is connected. No call may be running."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _client(self, service: str, config: Config) -> Any:
        with self._lock:
            if service not in self._clients:
                # A new session each time: what failed for want of credentials finds those that came since.
                session = boto3.session.Session(region_name=self._region)
                if session.get_credentials() is None:
                    raise NoCredentialsError
                client = _made(session, service, config)
                make_cuttable(client)
                self._clients[service] = client
            return self._clients[service]


def _made(session: boto3.session.Session, service: str, config: Config) -> Any:
    try:
        return session.client(service, config=config)
    except BotoCoreError:
        raise
    except ValueError as error:  # all that botocore says of an AWS_ENDPOINT_URL that is none
        raise EndpointConnectionError(endpoint_url=service, error=error) from error
