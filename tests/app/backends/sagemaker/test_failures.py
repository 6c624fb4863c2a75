"""The table of boto3's errors, row by row: those that a local SageMaker cannot produce, too."""

import inspect
from types import ModuleType
from typing import TypeVar

import botocore.exceptions
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    EventStreamError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)

from app import endpoint_errors
from app.backends.sagemaker.failures import INVOKE_ACTION, backend_error
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
    StreamTimeLimitReached,
)
from app.errors import BackendError, BackendNotReady, BackendRejected, PromptTooLong

Kind = TypeVar("Kind")
URL = "https://runtime.sagemaker.us-west-2.amazonaws.com"

BY_CLASS: list[tuple[Exception, type[BackendError]]] = [
    (NoCredentialsError(), AwsCredentialsMissing),
    (PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), AwsCredentialsMissing),
    (ProfileNotFound(profile="work"), AwsCredentialsMissing),
    (CredentialRetrievalError(provider="process", error_msg="it ended with 1"), AwsCredentialsRefused),
    (SSOTokenLoadError(error_msg="none is there"), AwsCredentialsRefused),
    (UnauthorizedSSOTokenError(), AwsCredentialsRefused),
    (NoRegionError(), AwsRegionMissing),
    (InvalidRegionError(region_name="us west"), AwsRegionMissing),
    (EndpointConnectionError(endpoint_url=URL), AwsUnreachable),
    (ConnectTimeoutError(endpoint_url=URL), AwsUnreachable),
    (SSLError(endpoint_url=URL, error="self-signed"), AwsUnreachable),
    (ProxyConnectionError(proxy_url=URL), AwsUnreachable),
    (PermissionError("~/.aws/credentials"), AwsUnreachable),
    (ReadTimeoutError(endpoint_url=URL), EndpointNotBegun),
    (ParamValidationError(report="a name too long"), BackendRejected),
    (BotoCoreError(), EndpointFailed),
]
BY_CODE: list[tuple[str, type[BackendError]]] = [
    ("ExpiredToken", AwsCredentialsRefused),
    ("ExpiredTokenException", AwsCredentialsRefused),
    ("InvalidSignatureException", AwsCredentialsRefused),
    ("UnrecognizedClientException", AwsCredentialsRefused),
    ("AccessDeniedException", AwsAccessDenied),
    ("ThrottlingException", EndpointThrottled),
    ("ServiceUnavailable", BackendNotReady),
    ("ModelNotReadyException", BackendNotReady),
    ("InternalFailure", EndpointFailed),
    ("InternalDependencyException", EndpointFailed),
    ("ResourceNotFound", EndpointNotFound),
    ("413", PromptTooLong),
    ("SomethingNewException", EndpointFailed),
]
BY_REFUSAL: list[tuple[str, type[BackendError]]] = [
    ("Endpoint streaming of account 000000000000 not found.", EndpointNotFound),
    ("Could not find endpoint", EndpointNotFound),
    ("Endpoint chat is not in service", EndpointNotInService),
    ("Inference Component has no capacity to process this request.", EndpointStarting),
    ("Response streaming is not supported for this endpoint", StreamingRefused),
    ("Member must have length less than or equal to 6291456", PromptTooLong),
    ("Inference Component Name header is required for endpoints with components.", ComponentNameWanted),
    ("Something else", BackendRejected),
]


def answered(code: str, message: str = "", **fields: object) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **fields}, "InvokeEndpointWithResponseStream")


@pytest.mark.parametrize(("error", "kind"), BY_CLASS, ids=lambda value: type(value).__name__)
def test_an_error_of_botocore_is_told_by_its_class(error: Exception, kind: type[BackendError]) -> None:
    assert type(backend_error(error, INVOKE_ACTION)) is kind


@pytest.mark.parametrize(("code", "kind"), BY_CODE)
def test_an_answer_of_aws_is_told_by_its_code(code: str, kind: type[BackendError]) -> None:
    assert type(backend_error(answered(code), INVOKE_ACTION)) is kind


@pytest.mark.parametrize(("message", "kind"), BY_REFUSAL)
@pytest.mark.parametrize("code", ["ValidationError", "ValidationException"])
def test_a_refusal_is_told_by_its_words(code: str, message: str, kind: type[BackendError]) -> None:
    """The operation's own name has `Stream` in it, and must not count."""
    assert type(backend_error(answered(code, message), INVOKE_ACTION)) is kind


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (422, "Failed to deserialize the JSON body: missing field `inputs` at line 1", RequestFormRefused),
        (422, "Failed to deserialize the JSON body: missing field `model` at line 1", ModelNameWanted),
        (429, '{"error":"Model is overloaded","error_type":"overloaded"}', EndpointThrottled),
        (404, "<html>", RequestFormDoubted),
        (400, "Need to pass custom_attributes='accept_eula=true' as part of header.", LicenceNotAccepted),
        (424, '{"error":"CUDA out of memory","code":424}', ContainerFailed),
        (424, '{"error":"CUDA out of memory","error_type":"generation"}', ContainerFailed),
        (500, "Internal Server Error", ContainerFailed),
    ],
)
def test_a_container_is_told_by_what_it_said(status: int, message: str, kind: type[BackendError]) -> None:
    error = answered("ModelError", "Received an error", OriginalStatusCode=status, OriginalMessage=message)
    assert type(backend_error(error, INVOKE_ACTION)) is kind


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ModelStreamError", "It did not complete in the allotted time.", StreamTimeLimitReached),
        ("ModelStreamError", "The connection was reset", ContainerFailed),
        ("InternalStreamFailure", "", EndpointFailed),
        ("ServiceUnavailable", "", EndpointFailed),
    ],
)
def test_an_exception_within_a_stream_never_asks_to_come_again(
    code: str, message: str, kind: type[BackendError]
) -> None:
    error = EventStreamError({"Error": {"Code": code, "Message": message}}, "InvokeEndpointWithResponseStream")
    assert type(backend_error(error, INVOKE_ACTION)) is kind


def test_what_a_person_can_set_is_named() -> None:
    assert "SAGEMAKER_ACCEPT_EULA=true" in LicenceNotAccepted("detail").user_message
    assert "endpoint/component in SAGEMAKER_ENDPOINTS" in ComponentNameWanted("detail").user_message


def test_a_denied_action_is_named() -> None:
    denied = backend_error(answered("AccessDeniedException"), "sagemaker:ListEndpoints")
    assert "may not do sagemaker:ListEndpoints" in denied.user_message


def test_a_question_that_aws_does_not_answer_is_not_an_endpoint_that_does_not_begin() -> None:
    assert type(backend_error(ReadTimeoutError(endpoint_url=URL), "sagemaker:ListEndpoints")) is AwsUnreachable


def test_no_sentence_has_anything_of_what_a_server_said() -> None:
    errors: list[Exception] = [error for error, _ in BY_CLASS] + [answered(code, "<b>said</b>") for code, _ in BY_CODE]
    for error in errors:
        mapped = backend_error(error, INVOKE_ACTION)
        assert "said" not in mapped.user_message
        assert str(error) in str(mapped.args[0])


def subclasses(module: ModuleType, root: type[Kind]) -> list[type[Kind]]:
    return [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, root)]


def test_every_error_of_an_endpoint_has_a_sentence() -> None:
    more: dict[type[BackendError], object] = {
        AwsAccessDenied: "sagemaker:InvokeEndpoint",
        EndpointNotInService: "Failed",
        EndpointNotBegun: 70,
    }
    sentences = [kind("detail", more.get(kind, 1.0)).user_message for kind in subclasses(endpoint_errors, BackendError)]
    assert len(sentences) > 20
    assert all(sentence.endswith(".") for sentence in sentences)


def test_every_error_of_the_pinned_botocore_can_be_mapped() -> None:
    """Whatever a new version brings is EndpointFailed at worst, never something that is not a BackendError."""
    kinds = subclasses(botocore.exceptions, BotoCoreError)
    assert len(kinds) > 50
    for kind in kinds:
        error: Exception = kind.__new__(kind)  # type: ignore[call-overload]  # without the fields that it asks for
        assert isinstance(backend_error(error, INVOKE_ACTION), BackendError)
