"""What a catalog reads, read with a real boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from model_server.sagemaker.local.server import LocalSageMaker
from tests.model_server.sagemaker.local.clients import client


@pytest.fixture
def control(local: LocalSageMaker) -> Any:
    return client("sagemaker", local.url)


def test_pages_together_have_every_endpoint_once(control: Any, local: LocalSageMaker) -> None:
    pages = list(control.get_paginator("list_endpoints").paginate(PaginationConfig={"PageSize": 7}))
    names = [endpoint["EndpointName"] for page in pages for endpoint in page["Endpoints"]]
    assert all(len(page["Endpoints"]) == 7 for page in pages[:-1])
    assert sorted(names) == sorted(endpoint.name for endpoint in local.endpoints)
    assert names[0] == local.endpoints[-1].name  # the newest first


def test_lists_are_filtered_by_status_and_name(control: Any) -> None:
    failed = control.list_endpoints(StatusEquals="Failed")["Endpoints"]
    assert [(each["EndpointName"], each["EndpointStatus"]) for each in failed] == [("failed", "Failed")]
    lmi = control.list_endpoints(NameContains="LMI-15", SortBy="Name", SortOrder="Ascending")["Endpoints"]
    assert [each["EndpointName"] for each in lmi] == ["lmi-15-rolling", "lmi-15-sse"]


def test_an_endpoint_leads_to_its_image_and_environment(control: Any) -> None:
    endpoint = control.describe_endpoint(EndpointName="tgi-1-4-messages")
    configuration = control.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    model = control.describe_model(ModelName=configuration["ProductionVariants"][0]["ModelName"])
    container = model["PrimaryContainer"]
    assert "huggingface-pytorch-tgi-inference:2.1.1-tgi1.4.5-" in container["Image"]
    assert container["Image"] == endpoint["ProductionVariants"][0]["DeployedImages"][0]["SpecifiedImage"]
    assert container["Environment"]["MESSAGES_API_ENABLED"] == "true"
    assert container["Environment"]["MAX_TOTAL_TOKENS"] == "1024"
    assert control.list_tags(ResourceArn=endpoint["EndpointArn"])["Tags"] == [{"Key": "made-by", "Value": "local"}]


def test_what_is_not_in_service_says_why(control: Any) -> None:
    assert "ping health check" in control.describe_endpoint(EndpointName="failed")["FailureReason"]
    assert control.describe_endpoint(EndpointName="being-created")["EndpointStatus"] == "Creating"


def test_a_serverless_endpoint_and_one_of_components_say_so(control: Any) -> None:
    variant = control.describe_endpoint_config(EndpointConfigName="serverless")["ProductionVariants"][0]
    assert variant["ServerlessConfig"]["MaxConcurrency"] == 5
    assert "ModelName" not in control.describe_endpoint_config(EndpointConfigName="components")["ProductionVariants"][0]


def test_components_are_described_by_a_container_or_by_a_model(control: Any) -> None:
    pages = control.get_paginator("list_inference_components").paginate(
        EndpointNameEquals="components", PaginationConfig={"PageSize": 1}
    )
    names = sorted(each["InferenceComponentName"] for page in pages for each in page["InferenceComponents"])
    assert names == ["component-lmi-17", "component-tgi-3"]
    tgi = control.describe_inference_component(InferenceComponentName="component-tgi-3")
    assert "tgi3.3.6" in tgi["Specification"]["Container"]["DeployedImage"]["SpecifiedImage"]
    lmi = control.describe_inference_component(InferenceComponentName="component-lmi-17")
    model = control.describe_model(ModelName=lmi["Specification"]["ModelName"])
    assert model["PrimaryContainer"]["Environment"]["OPTION_MAX_MODEL_LEN"] == "1024"
    asleep = control.describe_inference_component(InferenceComponentName="component-asleep")
    assert asleep["RuntimeConfig"]["CurrentCopyCount"] == 0


@pytest.mark.parametrize(
    ("method", "parameters", "sentence"),
    [
        ("describe_endpoint", {"EndpointName": "nowhere"}, "Could not find endpoint"),
        ("describe_endpoint_config", {"EndpointConfigName": "nowhere"}, "Could not find endpoint configuration"),
        ("describe_model", {"ModelName": "nowhere"}, "Could not find model"),
        ("describe_inference_component", {"InferenceComponentName": "nowhere"}, "Could not find inference component"),
        ("list_endpoints", {"NextToken": "bm93aGVyZQ=="}, "pagination token"),
    ],
)
def test_what_is_not_there_is_a_validation_exception(
    method: str, parameters: dict[str, str], sentence: str, control: Any
) -> None:
    with pytest.raises(ClientError, match=sentence) as caught:
        getattr(control, method)(**parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_what_makes_or_deletes_is_not_there(control: Any) -> None:
    with pytest.raises(ClientError, match="no operation DeleteEndpoint"):
        control.delete_endpoint(EndpointName="tgi-3")


def test_endpoints_can_be_exchanged_while_it_serves(control: Any, local: LocalSageMaker) -> None:
    local.endpoints = [endpoint for endpoint in local.endpoints if endpoint.name == "tgi-1-1"]
    assert [each["EndpointName"] for each in control.list_endpoints()["Endpoints"]] == ["tgi-1-1"]
