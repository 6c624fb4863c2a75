"""What containers say when they fail, sorted."""

import json

import pytest

from app.endpoint_errors import ContainerFailed, EndpointThrottled
from app.errors import BackendError, BackendRejected, PromptTooLong
from app.wire.container_error import container_error, is_model_missing, may_be_wrong_form
from tests.wire_files import wire_bytes

NO_HANDLER = '{"error":{"message":"Cannot find suitable handler for request. Expected one of: [...]","code":400}}'
TGI_INVALID = '{"error":"Input validation error: `temperature` must be","error_type":"validation"}'
SERDE = "Failed to deserialize the JSON body into the target type: "
VLLM_TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."

CASES: list[tuple[str, int | None, type[BackendError], bool]] = [
    # TGI
    ('{"error":"`inputs` must have less than 8191 tokens.","error_type":"validation"}', 422, PromptTooLong, False),
    ('{"error":"`inputs` tokens + `max_new_tokens` must be","error_type":"validation"}', None, PromptTooLong, False),
    (TGI_INVALID, 422, BackendRejected, False),
    (TGI_INVALID, None, BackendRejected, False),
    ('{"error":"Model is overloaded","error_type":"overloaded"}', 429, EndpointThrottled, False),
    ('{"error":"Model is overloaded","error_type":"overloaded"}', None, EndpointThrottled, False),
    ('{"error":"Request failed during generation","error_type":"generation"}', 424, ContainerFailed, False),
    ('{"error":"Incomplete generation","error_type":"incomplete_generation"}', 500, ContainerFailed, False),
    ('{"error":"Template error: system role","error_type":"template_error"}', 422, BackendRejected, False),
    (SERDE + "missing field `inputs` at line 1", 422, BackendRejected, True),
    (SERDE + "missing field `messages`", 422, BackendRejected, True),
    ("data did not match any variant of untagged enum SagemakerRequest", 422, BackendRejected, True),
    # LMI
    ('{"code":424,"message":"prediction failure","error":"KeyError: \'inputs\'"}', 424, ContainerFailed, True),
    ('{"code":400,"error":"top_k must be"}', 424, BackendRejected, False),
    ('{"error":"CUDA out of memory","code":424}', 424, ContainerFailed, False),
    ('{"code":400,"error":"The decoder prompt (length 5) is longer than the maximum"}', 424, PromptTooLong, False),
    ('{"error":"Worker queue capacity exceeded","code":503}', 503, EndpointThrottled, False),
    ('{"code": 500, "error": "exception occurred"}', None, ContainerFailed, False),
    ('{"code":424,"message":"Async Inference Failure"}', None, ContainerFailed, False),
    # vLLM
    (NO_HANDLER, 400, BackendRejected, True),
    (json.dumps({"error": {"message": VLLM_TOO_LONG, "code": 400}}), 400, PromptTooLong, False),
    (json.dumps({"object": "error", "message": VLLM_TOO_LONG, "code": 400}), None, PromptTooLong, False),
    ('{"error":{"message":"EngineCore","type":"InternalServerError","code":500}}', None, ContainerFailed, False),
    ('{"error":{"message":"top_k must be","type":"BadRequestError","code":400}}', None, BackendRejected, False),
    # of any
    ("", 413, PromptTooLong, False),
    ("<html>", 404, BackendRejected, True),
    ("<html>", 403, BackendRejected, False),
    ("<html>", 502, ContainerFailed, False),
    ("Too Many Requests", None, EndpointThrottled, False),
    ("", None, ContainerFailed, False),
    ("[" * 100_000, 500, ContainerFailed, False),
    ('{"error":5,"code":"x","error_type":[]}', 400, BackendRejected, True),
]  # fmt: skip


@pytest.mark.parametrize(("detail", "status", "kind", "is_other_form"), CASES)
def test_an_error_is_sorted_and_its_words_stay_out_of_the_page(
    detail: str, status: int | None, kind: type[BackendError], is_other_form: bool
) -> None:
    error = container_error(detail, status)
    assert type(error) is kind
    assert may_be_wrong_form(detail, status) is is_other_form
    assert detail[:50] in str(error)
    assert detail == "" or detail not in error.user_message


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("tgi_error_422_validation.json", 422, PromptTooLong),
        ("tgi_error_424_generation.json", 424, ContainerFailed),
        ("tgi_error_429_overloaded.json", 429, EndpointThrottled),
        ("error_400_context_length_exceeded.json", 400, PromptTooLong),
        ("error_400_invalid_value.json", 400, BackendRejected),
        ("error_503_model_loading.json", 503, EndpointThrottled),
        ("error_500_server_error.json", 500, ContainerFailed),
    ],
)
def test_errors_of_our_own_server_are_sorted_too(name: str, status: int, kind: type[BackendError]) -> None:
    assert type(container_error(wire_bytes(name).decode(), status)) is kind


def test_an_overload_says_when_to_come_again() -> None:
    error = container_error("", 429)
    assert isinstance(error, EndpointThrottled)
    assert 0 < error.retry_after_seconds <= 60


def test_the_log_gets_a_part_of_what_is_endless() -> None:
    assert len(str(container_error("x" * 1_000_000, 500))) < 10_000


def test_who_wants_a_model_is_recognised() -> None:
    assert is_model_missing("Failed to deserialize: missing field `model` at line 1 column 5")
    assert not is_model_missing("missing field `messages`")
