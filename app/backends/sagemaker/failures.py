"""What boto3 raises, to the app's errors: the one place that knows all four of its families.

At the call: botocore's own errors, and ClientError for whatever AWS answered. While a stream is read: EventStreamError,
which is a ClientError of another kind, urllib3's errors, and plain ParserError for frames that cannot be read.
"""

import logging
import random
from typing import Any

from botocore.eventstream import ParserError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    EventStreamError,
    IncompleteReadError,
    InvalidProxiesConfigError,
    InvalidRegionError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import ReadTimeoutError as Urllib3ReadTimeoutError

from app.backends.sagemaker.limits import READ_TIMEOUT_SECONDS
from app.endpoint_errors import (
    AwsAccessDenied,
    AwsCredentialsMissing,
    AwsCredentialsRefused,
    AwsRegionMissing,
    AwsUnreachable,
    ContainerFailed,
    EndpointFailed,
    EndpointNotBegun,
    EndpointNotFound,
    EndpointNotInService,
    EndpointStarting,
    EndpointThrottled,
    StreamingRefused,
    StreamMalformed,
    StreamStalled,
    StreamTimeLimitReached,
)
from app.errors import BackendError, BackendNotReady, BackendRejected, PromptTooLong, StreamInterrupted

logger = logging.getLogger(__name__)

AWS_FAILURES = (BotoCoreError, ClientError, Urllib3Error, ParserError)
INVOKE_ACTION = "sagemaker:InvokeEndpoint"

# The first line that fits decides: several of these classes are each other's.
_BY_CLASS: tuple[tuple[tuple[type[Exception], ...], type[BackendError]], ...] = (
    ((NoCredentialsError, PartialCredentialsError, ProfileNotFound), AwsCredentialsMissing),
    (
        (CredentialRetrievalError, SSOError, LoginError, TokenRetrievalError, NoAuthTokenError),
        AwsCredentialsRefused,
    ),
    ((NoRegionError, InvalidRegionError), AwsRegionMissing),
    (
        (
            EndpointConnectionError,
            ConnectTimeoutError,
            ConnectionClosedError,
            SSLError,
            ProxyConnectionError,
            InvalidProxiesConfigError,
        ),
        AwsUnreachable,
    ),
    ((ParamValidationError,), BackendRejected),
    ((ParserError,), StreamMalformed),
    ((Urllib3ReadTimeoutError,), StreamStalled),
    ((Urllib3Error, ResponseStreamingError, IncompleteReadError), StreamInterrupted),
)
_BY_CODE: dict[str, type[BackendError]] = {
    **dict.fromkeys(
        (
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        AwsCredentialsRefused,
    ),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"), AwsAccessDenied),
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "429"),
        EndpointThrottled,
    ),
    **dict.fromkeys(
        ("ServiceUnavailable", "ServiceUnavailableException", "ModelNotReadyException", "503"), BackendNotReady
    ),
    **dict.fromkeys(("RequestEntityTooLarge", "RequestEntityTooLargeException", "413"), PromptTooLong),
    **dict.fromkeys(("ResourceNotFound", "ResourceNotFoundException"), EndpointNotFound),
}
# SageMaker has one code for whatever it refuses; the words of the message are all that tells these apart.
_BY_REFUSAL: tuple[tuple[tuple[str, ...], type[BackendError]], ...] = (
    (("no capacity",), EndpointStarting),
    (("stream", "support"), StreamingRefused),
    (("not found",), EndpointNotFound),
    (("could not find",), EndpointNotFound),
    (("does not exist",), EndpointNotFound),
    (("not in service",), EndpointNotInService),
    (("inservice",), EndpointNotInService),
    (("length",), PromptTooLong),
)
_REFUSALS = ("ValidationError", "ValidationException")
_TIME_LIMIT_WORDS = ("allotted time", "modelinvocationtimeexceeded")


def backend_error(error: Exception, action: str) -> BackendError:
    """The app's error for one of AWS_FAILURES. `action` is IAM's name of what was asked for."""
    detail = f"{action}: {type(error).__name__}: {error}"
    kind = _kind(error, action)
    if kind is ContainerFailed:
        detail = f"{detail} {_container_detail(error)}"
    if not issubclass(kind, BackendNotReady):
        logger.warning("%s", detail)
    return _made(kind, detail, action)


def _kind(error: Exception, action: str) -> type[BackendError]:
    if isinstance(error, EventStreamError):
        return _event_kind(error)
    if isinstance(error, ClientError):
        return _answer_kind(error)
    if isinstance(error, ReadTimeoutError):  # botocore's own, which is urllib3's too: before the first byte
        return EndpointNotBegun if action == INVOKE_ACTION else AwsUnreachable
    return next((kind for classes, kind in _BY_CLASS if isinstance(error, classes)), EndpointFailed)


def _event_kind(error: Any) -> type[BackendError]:
    if error.response["Error"].get("Code") != "ModelStreamError":
        return EndpointFailed
    said = str(error).lower()
    return StreamTimeLimitReached if any(words in said for words in _TIME_LIMIT_WORDS) else ContainerFailed


def _answer_kind(error: Any) -> type[BackendError]:
    code = str(error.response["Error"].get("Code", ""))
    if code == "ModelError":
        return ContainerFailed
    if code in _REFUSALS:
        said = str(error).lower()
        return next((kind for words, kind in _BY_REFUSAL if all(word in said for word in words)), BackendRejected)
    return _BY_CODE.get(code, EndpointFailed)


def _container_detail(error: Any) -> str:
    known = {name: error.response.get(name) for name in ("OriginalStatusCode", "OriginalMessage", "LogStreamArn")}
    return str(known)


def _made(kind: type[BackendError], detail: str, action: str) -> BackendError:
    """With the arguments that each class asks for. Waits differ, so that those refused together do not return so."""
    if issubclass(kind, EndpointStarting):
        return kind(detail, random.uniform(8, 15))
    if issubclass(kind, BackendNotReady):
        return kind(detail, random.uniform(1, 4))
    more: dict[type[BackendError], object] = {
        AwsAccessDenied: action,
        EndpointNotInService: "",
        EndpointNotBegun: READ_TIMEOUT_SECONDS,
    }
    return kind(detail, more[kind]) if kind in more else kind(detail)
