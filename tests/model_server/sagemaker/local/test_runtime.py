"""The runtime as boto3 sees it: every endpoint answers as its container does, and refuses what it refuses."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from model_server.sagemaker.local.server import LocalSageMaker
from tests.model_server.sagemaker.local.clients import CHAT, PROMPT, client, stream
from tests.model_server.sagemaker.local.scripted_model import TEXTS, ScriptedModel
from tests.wire_files import wire_bytes


@pytest.fixture
def runtime(local: LocalSageMaker) -> Any:
    return client("sagemaker-runtime", local.url)


@pytest.mark.parametrize(
    ("name", "golden"),
    [
        ("tgi-1-1", "tgi_1.1.sse"),
        ("tgi-3", "tgi_3.3.sse"),
        ("lmi-0-25-outputs", "lmi_0.25_outputs.jsonl"),
        ("lmi-0-26-pieces", None),
        ("lmi-0-28-jsonlines", None),
        ("lmi-15-rolling", None),
        ("lmi-15-sse", None),
        ("lmi-17-async", "lmi_async.jsonl"),
    ],
)
def test_an_endpoint_of_prompts_streams_in_nasty_parts(name: str, golden: str | None, runtime: Any) -> None:
    streamed = stream(runtime, name)
    assert streamed.error is None
    assert streamed.parts > len(TEXTS)
    assert TEXTS[4].encode() in streamed.content
    assert golden is None or bytes(streamed.content) == wire_bytes(f"sagemaker/{golden}")


@pytest.mark.parametrize(
    "name", ["tgi-1-4-messages", "tgi-3-messages", "lmi-15-rolling", "lmi-17-async-messages", "lmi-messages", "vllm"]
)
def test_an_endpoint_of_chats_streams(name: str, runtime: Any, model: ScriptedModel) -> None:
    streamed = stream(runtime, name, CHAT)
    assert streamed.error is None
    assert TEXTS[4].encode() in streamed.content
    assert model.bodies[0]["messages"] == CHAT["messages"]


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("tgi-1-1", CHAT, 422, "missing field `inputs`"),
        ("tgi-1-4-messages", PROMPT, 422, "missing field `messages`"),
        ("tgi-3-messages", {**CHAT, "stop": "x"}, 422, "expected a sequence"),
        ("lmi-0-26-pieces", CHAT, 424, "inputs"),
        ("vllm", PROMPT, 400, "Cannot find suitable handler for request. Expected one of"),
        ("no-chat", PROMPT, 400, "could not convert"),
    ],
)
def test_a_container_refuses_another_form_as_a_model_error(
    name: str, body: dict[str, Any], status: int, words: str, runtime: Any
) -> None:
    error = stream(runtime, name, body).error
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"] == "ModelError"
    assert error.response["OriginalStatusCode"] == status
    assert words in error.response["OriginalMessage"]
    assert error.response["LogStreamArn"].endswith(name)


def test_tgi_refuses_in_the_stream_and_lmi_before_it(runtime: Any, model: ScriptedModel) -> None:
    model.refusal = 422, {"error": "The prompt is too long.", "error_type": "validation"}
    in_band = stream(runtime, "tgi-1-1")
    assert in_band.error is None
    assert bytes(in_band.content) == b'data:{"error":"The prompt is too long.","error_type":"validation"}\n\n'
    early = stream(runtime, "lmi-15-rolling").error
    assert isinstance(early, ClientError)
    assert json.loads(early.response["OriginalMessage"]) == {"error": "The prompt is too long.", "code": 424}
    with pytest.raises(ClientError) as whole:
        runtime.invoke_endpoint(EndpointName="tgi-1-1", Body=json.dumps({**PROMPT, "stream": False}))
    assert whole.value.response["OriginalStatusCode"] == 422


@pytest.mark.parametrize(
    "parameters", [{"temperature": 0}, {"top_p": 1.0}, {"best_of": 2}, {"stop": ["a", "b", "c", "d", "e"]}]
)
def test_tgi_refuses_what_it_calls_invalid(parameters: dict[str, Any], runtime: Any, model: ScriptedModel) -> None:
    streamed = stream(runtime, "tgi-3", {**PROMPT, "parameters": parameters})
    assert b'"error_type":"validation"' in streamed.content
    assert model.bodies == []


def test_a_whole_answer_comes_from_endpoints_that_cannot_stream(runtime: Any) -> None:
    error = stream(runtime, "serverless").error
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"] == "ValidationError"
    response = runtime.invoke_endpoint(EndpointName="serverless", Body=json.dumps({**PROMPT, "stream": False}))
    assert response["ContentType"] == "application/json"
    assert response["Body"].read() == wire_bytes("sagemaker/tgi_not_streamed.json")


def test_components_are_named_in_a_header(runtime: Any) -> None:
    assert stream(runtime, "components", InferenceComponentName="component-lmi-17").error is None
    refused = [
        stream(runtime, "components").error,
        stream(runtime, "components", InferenceComponentName="nobody").error,
        stream(runtime, "scaled-to-zero", InferenceComponentName="component-asleep").error,
        stream(runtime, "tgi-3", InferenceComponentName="component-tgi-3").error,
        stream(runtime, "being-created").error,
        stream(runtime, "nowhere").error,
    ]
    assert [error and error.response["Error"]["Code"] for error in refused] == ["ValidationError"] * 6  # type: ignore[attr-defined]


def test_parameters_reach_the_model_by_the_names_that_the_container_reads(runtime: Any, model: ScriptedModel) -> None:
    both = {"stop": ["</s>"], "stop_sequences": ["###"], "temperature": 0.5}
    for name in ("tgi-1-1", "lmi-0-26-pieces", "lmi-15-rolling", "lmi-17-async"):
        stream(runtime, name, {**PROMPT, "parameters": both})
    asked = [body["parameters"] for body in model.bodies]
    assert [each["stop"] for each in asked] == [["</s>"], ["###"], ["###", "</s>"], ["</s>"]]
    assert [each["max_new_tokens"] for each in asked] == [20, 30, 30, 30]
    assert asked[1]["do_sample"] is False  # without being told to, the older ones do not sample


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b'"inputs"',
        b'{"inputs": 1}',
        b'{"inputs": "x", "parameters": [1]}',
        b'{"inputs": "x", "parameters": {"temperature": "hot", "stop": 3}, "stream": true}',
        b'{"messages": 1, "stream_options": 5, "stop": 3, "stream": true}',
        b'{"prompt": [1], "max_tokens": "many"}',
    ],
)
def test_a_body_that_is_wrong_gets_an_answer_all_the_same(body: bytes, runtime: Any, local: LocalSageMaker) -> None:
    codes = set()
    for endpoint in local.endpoints:
        if endpoint.fault is not None or endpoint.components:
            continue
        try:
            runtime.invoke_endpoint(EndpointName=endpoint.name, Body=body)["Body"].read()
        except ClientError as error:
            codes.add(error.response["Error"]["Code"])
    assert codes == {"ModelError", "ValidationError"}


def test_tgi_leaves_the_stop_text_in_the_answer(runtime: Any, model: ScriptedModel) -> None:
    model.reason = "stop_sequence"
    body = {**PROMPT, "parameters": {"stop": ["###"], "details": True}}
    assert b'###","details":{"finish_reason":"stop_sequence"' in stream(runtime, "tgi-3", body).content
    whole = runtime.invoke_endpoint(EndpointName="tgi-3", Body=json.dumps({**body, "stream": False}))
    assert json.loads(whole["Body"].read())[0]["generated_text"].endswith("###")


def test_an_answer_of_any_length_is_complete(runtime: Any, model: ScriptedModel) -> None:
    for count in range(30):
        model.texts = TEXTS[:1] * count
        assert bytes(stream(runtime, "tgi-1-1").content).endswith(b'"seed":null}}\n\n')


def test_forty_streams_at_once_are_forty_answers(runtime: Any, local: LocalSageMaker) -> None:
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda _: stream(runtime, "tgi-3"), range(40)))
    assert {bytes(answer.content) for answer in answers} == {wire_bytes("sagemaker/tgi_3.3.sse")}
    local.log.wait_until_idle()


def test_a_client_that_goes_frees_the_model_at_once(local: LocalSageMaker, model: ScriptedModel) -> None:
    model.pause_after = 2
    runtime = client("sagemaker-runtime", local.url)
    for name, body in (("tgi-3", PROMPT), ("lmi-17-async", PROMPT), ("vllm", CHAT)):
        response = runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=json.dumps(body))
        next(iter(response["Body"]))
        assert model.running_count == 1
        response["Body"].close()
        local.log.wait_until_idle()
        assert model.running_count == 0
    assert len(local.log.broken_off_seconds) == 3


def test_a_client_that_goes_before_the_first_byte_frees_the_model_too(
    local: LocalSageMaker, model: ScriptedModel
) -> None:
    model.pause_after = 0
    assert stream(client("sagemaker-runtime", local.url, 0.3), "lmi-17-async").error is not None
    local.log.wait_until_idle()
    assert model.running_count == 0
