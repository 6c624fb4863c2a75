"""How an endpoint may fail, for tests of clients: one name for each row of what boto3 can run into."""

from __future__ import annotations

from enum import Enum

from model_server.sagemaker.local.aws_errors import AwsError, endpoint_not_found, model_error
from model_server.sagemaker.local.event_stream import encode_error, encode_exception

TIME_IS_OVER = "Your model primary did not complete sending the inference response in the allotted time."


class Fault(Enum):
    """The value is also the name of an endpoint: `fault-stall` and so on."""

    # refusals, before any byte of an answer
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    INTERNAL_FAILURE = "internal-failure"
    NOT_READY = "not-ready"
    MODEL_ERROR = "model-error"
    NOT_FOUND = "not-found"
    ACCESS_DENIED = "access-denied"
    EXPIRED_TOKEN = "expired-token"  # noqa: S105  # the name of a fault
    # silence
    SLOW_FIRST_BYTE = "slow-first-byte"
    NO_FIRST_BYTE = "no-first-byte"
    STALL = "stall"
    # the end of a stream, after some of its text
    TIME_OVER = "time-over"
    STREAM_BROKEN = "stream-broken"
    INTERNAL_STREAM_FAILURE = "internal-stream-failure"
    UNMODELLED_ERROR = "unmodelled-error"
    IN_BAND_ERROR = "in-band-error"
    ENDS_EARLY = "ends-early"
    DROP = "drop"
    DROP_IN_FRAME = "drop-in-frame"
    RESET = "reset"
    BAD_CHECKSUM = "bad-checksum"
    # a wrong form from the beginning
    NOT_CHUNKED = "not-chunked"
    ENDLESS_LINE = "endless-line"


def refusal(fault: Fault | None, endpoint_name: str) -> AwsError | None:
    """Return what the runtime says instead of an answer, where the fault is of that kind."""
    if fault is Fault.NOT_FOUND:
        return endpoint_not_found(endpoint_name)
    if fault is Fault.MODEL_ERROR:
        body = '{"error":"Request failed during generation: out of memory","error_type":"generation"}'
        return model_error(endpoint_name, 424, body)
    return _REFUSALS.get(fault) if fault else None


def last_event(fault: Fault | None) -> bytes | None:
    """Return the message that ends the stream, where the fault is of that kind."""
    return _LAST_EVENTS.get(fault) if fault else None


_REFUSALS = {
    Fault.THROTTLED: AwsError(429, "ThrottlingException", "Rate exceeded"),
    Fault.UNAVAILABLE: AwsError(503, "ServiceUnavailable", "The service is currently unavailable."),
    Fault.INTERNAL_FAILURE: AwsError(500, "InternalFailure", "An internal failure occurred."),
    Fault.NOT_READY: AwsError(429, "ModelNotReadyException", "Model is not ready for inference."),
    Fault.ACCESS_DENIED: AwsError(
        403,
        "AccessDeniedException",
        "User: arn:aws:iam::000000000000:user/local is not authorized to perform: sagemaker:InvokeEndpoint",
    ),
    Fault.EXPIRED_TOKEN: AwsError(
        403, "ExpiredTokenException", "The security token included in the request is expired"
    ),
}

_LAST_EVENTS = {
    Fault.TIME_OVER: encode_exception(
        "ModelStreamError", {"Message": TIME_IS_OVER, "ErrorCode": "ModelInvocationTimeExceeded"}
    ),
    Fault.STREAM_BROKEN: encode_exception(
        "ModelStreamError", {"Message": "The response stream of the model broke off.", "ErrorCode": "StreamBroken"}
    ),
    Fault.INTERNAL_STREAM_FAILURE: encode_exception(
        "InternalStreamFailure", {"Message": "The stream processing failed because of an unknown error."}
    ),
    Fault.UNMODELLED_ERROR: encode_error("SomethingElse", "An error that the service's model does not know."),
}
