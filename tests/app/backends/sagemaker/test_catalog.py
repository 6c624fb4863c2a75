"""The catalog with the real boto3, against a control plane on this machine."""

import asyncio

import boto3
import pytest

from app.backends.endpoints import Endpoint
from app.backends.sagemaker.catalog import SageMakerCatalog, sagemaker_catalog
from app.endpoint_errors import (
    AwsAccessDenied,
    AwsCredentialsMissing,
    AwsCredentialsRefused,
    AwsRegionMissing,
    EndpointNotFound,
)
from app.settings import load_settings
from app.wire.endpoint_request import RequestForm
from tests.app.backends.sagemaker import images
from tests.app.backends.sagemaker.fake_control_plane import FakeControlPlane

MODEL = "mistralai/Mistral-7B-Instruct-v0.1"
CONTAINER = {"Image": images.TGI_1_1, "Environment": {"HF_MODEL_ID": MODEL, "MAX_TOTAL_TOKENS": "8192"}}
DENIED = (400, "AccessDeniedException")


async def test_an_endpoint_is_listed_with_its_model(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.add("chat", CONTAINER)
    assert await catalog.endpoints() == (Endpoint("chat", f"chat · {MODEL}"),)


async def test_no_endpoint_is_no_error(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    assert await catalog.endpoints() == ()


async def test_all_pages_are_read_and_the_offered_come_first(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    for number in range(205):
        aws.add(f"chat-{number}", CONTAINER, "InService" if number % 2 else "Failed")
    lines = await catalog.endpoints()
    assert aws.asked.count("ListEndpoints") == 3
    assert len(lines) == 205
    assert [line.is_offered for line in lines] == [True] * 102 + [False] * 103


async def test_each_component_is_a_line(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.add("group", None)
    aws.add("owner", CONTAINER)
    container = {"DeployedImage": {"SpecifiedImage": images.LMI_28}, "Environment": {"OPTION_MAX_MODEL_LEN": "2048"}}
    aws.add_component("group", "inline", {"Container": container})
    aws.add_component("group", "named", {"ModelName": "owner-model"}, copies=0)
    aws.add_component("group", "adapter", {"BaseInferenceComponentName": "inline"})
    lines = {line.name: line for line in await catalog.endpoints()}
    assert set(lines) == {"owner", "group/inline", "group/named", "group/adapter"}
    assert lines["group/named"].label == f"group/named · {MODEL} · scaled to zero"
    assert all(line.is_offered for line in lines.values())
    assert (await catalog.look_up("group/inline")).window_tokens == 2048
    assert (await catalog.look_up("group/adapter")).request_form is RequestForm.INPUTS
    assert (await catalog.look_up("group/adapter")).component_name == "adapter"


async def test_an_endpoint_without_components_says_so(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.add("group", None)
    (line,) = await catalog.endpoints()
    assert "no inference component" in line.reason


async def test_how_an_endpoint_is_hosted_is_understood(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    for name in ("later", "many", "pipe", "serverless", "single"):
        aws.add(name, CONTAINER)
    aws.described["DescribeEndpointConfig", "later-configuration"]["AsyncInferenceConfig"] = {"OutputConfig": {}}
    variants = aws.described["DescribeEndpointConfig", "serverless-configuration"]["ProductionVariants"]
    variants[0]["ServerlessConfig"] = {"MemorySizeInMB": 6144, "MaxConcurrency": 1}
    aws.described["DescribeModel", "many-model"] = {"PrimaryContainer": {**CONTAINER, "Mode": "MultiModel"}}
    aws.described["DescribeModel", "pipe-model"] = {"Containers": [CONTAINER, CONTAINER]}
    aws.described["DescribeModel", "single-model"] = {"Containers": [CONTAINER]}
    lines = {line.name: line for line in await catalog.endpoints()}
    assert {name for name, line in lines.items() if line.is_offered} == {"serverless", "single"}
    assert len({lines[name].reason for name in ("later", "many", "pipe")}) == 3
    assert not (await catalog.look_up("serverless")).can_stream
    assert (await catalog.look_up("single")).can_stream


@pytest.mark.parametrize("refused", ["DescribeEndpoint bad", "DescribeEndpointConfig", "DescribeModel bad-model"])
async def test_one_that_cannot_be_asked_is_explained_and_loses_no_other(
    refused: str, aws: FakeControlPlane, catalog: SageMakerCatalog
) -> None:
    aws.add("bad", CONTAINER)
    aws.add("chat", CONTAINER)
    aws.refused[f"{refused} bad-configuration" if refused.endswith("Config") else refused] = DENIED
    chat, bad = await catalog.endpoints()
    assert chat.is_offered
    assert bad.name == "bad"
    assert f"sagemaker:{refused.split()[0]}" in bad.reason
    assert "server's own" not in bad.reason


async def test_a_model_deleted_behind_its_endpoint_is_no_error(
    aws: FakeControlPlane, catalog: SageMakerCatalog
) -> None:
    aws.add("chat", CONTAINER)
    del aws.described["DescribeModel", "chat-model"]
    variant = {"VariantName": "all", "DeployedImages": [{"SpecifiedImage": images.TGI_3_3}]}
    aws.described["DescribeEndpoint", "chat"]["ProductionVariants"] = [variant]
    assert (await catalog.endpoints())[0].is_offered
    assert (await catalog.look_up("chat")).request_form is RequestForm.INPUTS


async def test_without_the_permission_to_list_the_action_is_named(
    aws: FakeControlPlane, catalog: SageMakerCatalog
) -> None:
    aws.refused["ListEndpoints"] = DENIED
    with pytest.raises(AwsAccessDenied, match="ListEndpoints"):
        await catalog.endpoints()
    del aws.refused["ListEndpoints"]
    assert await catalog.endpoints() == ()  # an error is not remembered


async def test_a_configured_list_asks_for_no_list(aws: FakeControlPlane, configured: SageMakerCatalog) -> None:
    for name in ("other", "chat"):
        aws.add(name, CONTAINER)
    aws.add("group", None)
    aws.add_component("group", "part", {"ModelName": "chat-model"})
    aws.refused["ListEndpoints"] = DENIED
    lines = await configured.endpoints()
    assert [line.name for line in lines] == ["chat", "group/part"]
    assert (await configured.look_up("chat")).request_form is RequestForm.MESSAGES
    assert (await configured.look_up("group/part")).request_form is RequestForm.PROMPT


async def test_a_configured_endpoint_that_may_only_be_invoked_is_offered_with_its_setting(
    aws: FakeControlPlane, configured: SageMakerCatalog
) -> None:
    for operation in ("ListEndpoints", "DescribeEndpoint", "ListInferenceComponents"):
        aws.refused[operation] = DENIED
    assert await configured.endpoints() == (Endpoint("chat", "chat"), Endpoint("group", "group"))
    details = await configured.look_up("chat")
    assert (details.status, details.request_form, details.window_tokens) == ("InService", RequestForm.MESSAGES, 4096)


async def test_missing_credentials_concern_all_and_are_looked_for_once(
    aws: FakeControlPlane, configured: SageMakerCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[str] = []

    def find_none(_: boto3.session.Session) -> None:
        searches.append("search")

    monkeypatch.setattr(boto3.session.Session, "get_credentials", find_none)
    with pytest.raises(AwsCredentialsMissing):
        await configured.endpoints()
    assert searches == ["search"]
    assert aws.asked == []


async def test_a_missing_region_concerns_all(
    aws: FakeControlPlane, configured: SageMakerCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(AwsRegionMissing):
        await configured.endpoints()


async def test_refused_credentials_concern_all(aws: FakeControlPlane, configured: SageMakerCatalog) -> None:
    aws.add("group", None)
    aws.refused["DescribeEndpoint chat"] = (400, "ExpiredTokenException")
    with pytest.raises(AwsCredentialsRefused):
        await configured.endpoints()


async def test_what_is_not_configured_cannot_be_reached_by_its_name(
    aws: FakeControlPlane, configured: SageMakerCatalog
) -> None:
    aws.add("other", CONTAINER)
    for name in ("other", "chatter", "group/../other", "", "a/b/c"):
        with pytest.raises(EndpointNotFound):
            await configured.look_up(name)
    assert aws.asked == []


async def test_nothing_is_asked_until_it_is_needed(aws: FakeControlPlane) -> None:
    catalog = sagemaker_catalog(load_settings({"SAGEMAKER_ENDPOINTS": "chat", "AWS_REGION": "us-west-2"}))
    catalog.backend("chat")
    await catalog.aclose()
    assert aws.asked == []


async def test_the_loop_runs_on_while_aws_is_silent(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.may_answer.clear()
    listing = asyncio.create_task(catalog.endpoints())
    while not aws.asked:
        await asyncio.sleep(0.01)
    aws.may_answer.set()
    assert await listing == ()
