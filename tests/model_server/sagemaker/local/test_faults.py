"""Every row of what boto3 can run into, run into with a real boto3."""

from __future__ import annotations

import pytest
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import ClientError, EventStreamError, ReadTimeoutError
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as StalledError

from model_server.sagemaker.local.faults import Fault
from model_server.sagemaker.local.server import LocalSageMaker
from tests.model_server.sagemaker.local.clients import client, stream
from tests.model_server.sagemaker.local.scripted_model import ScriptedModel

REFUSALS = {
    Fault.THROTTLED: ("ThrottlingException", 429),
    Fault.UNAVAILABLE: ("ServiceUnavailable", 503),
    Fault.INTERNAL_FAILURE: ("InternalFailure", 500),
    Fault.NOT_READY: ("ModelNotReadyException", 429),
    Fault.MODEL_ERROR: ("ModelError", 424),
    Fault.NOT_FOUND: ("ValidationError", 400),
    Fault.ACCESS_DENIED: ("AccessDeniedException", 403),
    Fault.EXPIRED_TOKEN: ("ExpiredTokenException", 403),
}
LAST_EVENTS = {
    Fault.TIME_OVER: "ModelStreamError",
    Fault.STREAM_BROKEN: "ModelStreamError",
    Fault.INTERNAL_STREAM_FAILURE: "InternalStreamFailure",
    Fault.UNMODELLED_ERROR: "SomethingElse",
}
BREAKS: dict[Fault, type[Exception]] = {
    Fault.DROP: ProtocolError,
    Fault.DROP_IN_FRAME: ProtocolError,
    Fault.RESET: ProtocolError,
    Fault.BAD_CHECKSUM: ChecksumMismatch,
}
QUIET = {Fault.NOT_CHUNKED, Fault.ENDS_EARLY, Fault.IN_BAND_ERROR}
SILENT = {Fault.SLOW_FIRST_BYTE, Fault.NO_FIRST_BYTE, Fault.STALL}


def test_every_fault_is_tested() -> None:
    assert set(Fault) == {*REFUSALS, *LAST_EVENTS, *BREAKS, *QUIET, *SILENT, Fault.ENDLESS_LINE}


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_has_its_code_and_status(fault: Fault, local: LocalSageMaker) -> None:
    error = stream(client("sagemaker-runtime", local.url), f"fault-{fault.value}").error
    assert isinstance(error, ClientError)
    code, status = REFUSALS[fault]
    assert error.response["Error"]["Code"] == code
    assert error.response["Error"]["Message"]
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_model_error_tells_what_the_container_said(local: LocalSageMaker) -> None:
    error = stream(client("sagemaker-runtime", local.url), "fault-model-error").error
    assert isinstance(error, ClientError)
    assert error.response["OriginalStatusCode"] == 424
    assert "out of memory" in error.response["OriginalMessage"]
    assert error.response["LogStreamArn"].startswith("arn:aws:logs:")


@pytest.mark.parametrize("fault", LAST_EVENTS)
def test_an_exception_event_ends_the_stream_after_some_text(fault: Fault, local: LocalSageMaker) -> None:
    streamed = stream(client("sagemaker-runtime", local.url), f"fault-{fault.value}")
    assert b"na\xc3\xafve" in streamed.content
    assert isinstance(streamed.error, EventStreamError)
    assert streamed.error.response["Error"]["Code"] == LAST_EVENTS[fault]


@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_connection_or_frame_raises_after_some_text(fault: Fault, local: LocalSageMaker) -> None:
    streamed = stream(client("sagemaker-runtime", local.url), f"fault-{fault.value}")
    assert b"na\xc3\xafve" in streamed.content
    assert isinstance(streamed.error, BREAKS[fault])


@pytest.mark.parametrize("fault", QUIET)
def test_some_ends_raise_nothing_though_the_answer_is_not_complete(fault: Fault, local: LocalSageMaker) -> None:
    streamed = stream(client("sagemaker-runtime", local.url), f"fault-{fault.value}")
    assert streamed.error is None
    assert b"na\xc3\xafve" in streamed.content
    assert b"finish_reason" not in streamed.content
    assert (b'"error_type":"generation"' in streamed.content) == (fault is Fault.IN_BAND_ERROR)


def test_a_stall_is_a_timeout_in_the_midst_of_the_text(local: LocalSageMaker) -> None:
    streamed = stream(client("sagemaker-runtime", local.url, 0.3), "fault-stall")
    assert b"na\xc3\xafve" in streamed.content
    assert isinstance(streamed.error, StalledError)


def test_no_first_byte_is_a_timeout_of_the_call(local: LocalSageMaker) -> None:
    assert isinstance(
        stream(client("sagemaker-runtime", local.url, 0.3), "fault-no-first-byte").error, ReadTimeoutError
    )


def test_a_slow_first_byte_is_only_slow(local: LocalSageMaker) -> None:
    streamed = stream(client("sagemaker-runtime", local.url), "fault-slow-first-byte")
    assert streamed.error is None
    assert b"finish_reason" in streamed.content


def test_a_line_may_be_longer_than_ten_megabytes(local: LocalSageMaker) -> None:
    streamed = stream(client("sagemaker-runtime", local.url), "fault-endless-line")
    assert streamed.error is None
    assert max(map(len, streamed.content.split(b"\n"))) > 10_000_000


def test_after_every_fault_nothing_is_left(local: LocalSageMaker, model: ScriptedModel) -> None:
    runtime = client("sagemaker-runtime", local.url, 0.3)
    for fault in [*LAST_EVENTS, *BREAKS, *QUIET, *SILENT]:
        stream(runtime, f"fault-{fault.value}")
    local.log.wait_until_idle()
    local.log.wait_until_closed(kept=1)  # boto3 keeps one that ended well, also when its client is closed
    assert model.running_count == 0
