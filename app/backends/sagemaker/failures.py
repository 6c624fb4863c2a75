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
    HTTPClientError,
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
    ComponentNameWanted,
    ContainerFailed,
    EndpointFailed,
    EndpointNotBegun,
    EndpointNotFound,
    EndpointNotInService,
    EndpointStarting,
    EndpointThrottled,
    LicenceNotAccepted,
    ModelNameWanted,
    RequestFormDoubted,
    RequestFormRefused,
    StreamingRefused,
    StreamMalformed,
    StreamStalled,
    StreamTimeLimitReached,
)
from app.errors import BackendError, BackendNotReady, BackendRejected, PromptTooLong, StreamInterrupted
from app.wire.container_error import (
    container_error,
    is_licence_not_accepted,
    is_model_missing,
    is_wrong_form,
    may_be_wrong_form,
)

logger = logging.getLogger(__name__)

AWS_FAILURES = (BotoCoreError, ClientError, Urllib3Error, ParserError, OSError)
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
    ((HTTPClientError, OSError), AwsUnreachable),
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
# SageMaker has one code for whatever it refuses; the words of its message are all that tells these apart, and a name
# of the person's own may be among them. The first line that fits decides.
_BY_REFUSAL: tuple[tuple[str, type[BackendError]], ...] = (
    ("no capacity", EndpointStarting),
    ("component name header is required", ComponentNameWanted),
    ("not found", EndpointNotFound),
    ("could not find", EndpointNotFound),
    ("does not exist", EndpointNotFound),
    ("not in service", EndpointNotInService),
    ("inservice", EndpointNotInService),
    ("length less than or equal", PromptTooLong),
    ("body is larger", PromptTooLong),
    ("streaming", StreamingRefused),
)
_REFUSALS = ("ValidationError", "ValidationException")
_TIME_LIMIT_WORDS = ("allotted time", "ModelInvocationTimeExceeded")


def backend_error(error: Exception, action: str) -> BackendError:
    """The app's error for one of AWS_FAILURES. `action` is IAM's name of what was asked for."""
    result = _mapped(error, action)
    if not isinstance(error, NoCredentialsError) and not isinstance(result, BackendNotReady):
        logger.warning("%s: %r", action, result)
    return result


def starting(detail: str) -> EndpointStarting:
    return EndpointStarting(detail, random.uniform(8, 15))


def _mapped(error: Exception, action: str) -> BackendError:
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, ClientError):
        return _answered(error, detail, action)
    if isinstance(error, ReadTimeoutError):  # botocore's own, which is urllib3's too: before the first byte
        return EndpointNotBegun(detail, READ_TIMEOUT_SECONDS) if action == INVOKE_ACTION else AwsUnreachable(detail)
    return next((kind for classes, kind in _BY_CLASS if isinstance(error, classes)), EndpointFailed)(detail)


def _answered(error: Any, detail: str, action: str) -> BackendError:
    """For what AWS itself said, instead of an answer or within one."""
    code, message = (str(error.response["Error"].get(name, "")) for name in ("Code", "Message"))
    if isinstance(error, EventStreamError):
        return _event(code, message)(detail)
    if code == "ModelError":
        return _container_error(error.response)
    kind = _refused(message) if code in _REFUSALS else _BY_CODE.get(code, EndpointFailed)
    if kind is AwsAccessDenied:
        return AwsAccessDenied(detail, action)
    if kind is EndpointNotInService:
        return EndpointNotInService(detail, "")
    if kind is EndpointStarting:
        return starting(detail)
    # Those refused together should not return together.
    return kind(detail, random.uniform(1, 4)) if issubclass(kind, BackendNotReady) else kind(detail)


def _event(code: str, message: str) -> type[BackendError]:
    """Of an exception within a stream; botocore keeps its code and message, and loses what else it says."""
    if code != "ModelStreamError":
        return EndpointFailed
    return StreamTimeLimitReached if any(words in message for words in _TIME_LIMIT_WORDS) else ContainerFailed


def _refused(message: str) -> type[BackendError]:
    said = message.lower()
    return next((kind for words, kind in _BY_REFUSAL if words in said), BackendRejected)


def _container_error(response: dict[str, Any]) -> BackendError:
    """For a container that refused or failed; the log is told where AWS keeps what it wrote."""
    status, message = response.get("OriginalStatusCode"), str(response.get("OriginalMessage", ""))
    logger.warning("the container answered %s; its log is %s", status, response.get("LogStreamArn"))
    error = container_error(message, status)
    if is_licence_not_accepted(message):
        return LicenceNotAccepted(*error.args)
    if is_model_missing(message):
        return ModelNameWanted(*error.args)
    if not may_be_wrong_form(message, status):
        return error
    return (RequestFormRefused if is_wrong_form(message) else RequestFormDoubted)(*error.args)
