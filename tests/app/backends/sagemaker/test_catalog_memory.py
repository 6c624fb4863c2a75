"""What the catalog remembers, for how long, and what it asks again."""

import asyncio

import pytest

from app.backends.sagemaker.catalog import SageMakerCatalog
from app.backends.sagemaker.control_plane import ControlPlane
from app.endpoint_errors import AwsAccessDenied, EndpointNotFound, EndpointThrottled
from app.wire.endpoint_request import RequestForm
from tests.app.backends.sagemaker import images
from tests.app.backends.sagemaker.conftest import Clock
from tests.app.backends.sagemaker.fake_control_plane import FakeControlPlane
from tests.app.backends.sagemaker.test_catalog import CONTAINER, DENIED

FIRST_LOOK = ["DescribeEndpoint chat", "DescribeEndpointConfig chat-configuration", "DescribeModel chat-model"]


async def asked_by_look_up(aws: FakeControlPlane, catalog: SageMakerCatalog) -> list[str]:
    aws.asked.clear()
    await catalog.look_up("chat")
    return list(aws.asked)


async def test_a_list_is_remembered_for_a_minute(
    aws: FakeControlPlane, catalog: SageMakerCatalog, clock: Clock
) -> None:
    await catalog.endpoints()
    aws.add("chat", CONTAINER)
    clock.now += 60
    assert await catalog.endpoints() == ()
    clock.now += 1
    assert len(await catalog.endpoints()) == 1


async def test_a_fresh_list_is_asked_for(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    await catalog.endpoints()
    aws.add("chat", CONTAINER)
    assert len(await catalog.endpoints(is_fresh=True)) == 1


@pytest.mark.parametrize("component", [None, "part"])
async def test_one_that_cannot_be_asked_for_a_moment_keeps_its_line(
    component: str | None, aws: FakeControlPlane, catalog: SageMakerCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.add("chat", None if component else CONTAINER)
    if component:
        aws.add_component("chat", component, {"Container": {"DeployedImage": {"SpecifiedImage": images.LMI_28}}})
    lines = await catalog.endpoints()
    assert lines[0].is_offered

    async def throttle(*_: object) -> None:
        raise EndpointThrottled("x", 1.0)

    monkeypatch.setattr(ControlPlane, "deployment", throttle)
    assert await catalog.endpoints(is_fresh=True) == lines


async def test_many_pages_share_one_listing_and_one_that_leaves_stops_none(
    aws: FakeControlPlane, catalog: SageMakerCatalog
) -> None:
    aws.add("chat", CONTAINER)
    aws.may_answer.clear()
    pages = [asyncio.create_task(catalog.endpoints(is_fresh=True)) for _ in range(20)]
    while not aws.asked:
        await asyncio.sleep(0.01)
    pages[0].cancel()
    await asyncio.wait({pages[0]})
    aws.may_answer.set()
    assert [len(lines) for lines in await asyncio.gather(*pages[1:])] == [1] * 19
    assert aws.asked == ["ListEndpoints", *FIRST_LOOK]


async def test_a_list_that_failed_fails_for_all_who_waited(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.refused["ListEndpoints"] = DENIED
    failures = await asyncio.gather(*(catalog.endpoints() for _ in range(3)), return_exceptions=True)
    assert [type(failure) for failure in failures] == [AwsAccessDenied] * 3
    assert aws.asked == ["ListEndpoints"]


async def test_a_turn_costs_no_call_within_a_minute_and_one_after_it(
    aws: FakeControlPlane, catalog: SageMakerCatalog, clock: Clock
) -> None:
    aws.add("chat", CONTAINER)
    assert await asked_by_look_up(aws, catalog) == FIRST_LOOK
    assert await asked_by_look_up(aws, catalog) == []
    clock.now += 61
    assert await asked_by_look_up(aws, catalog) == ["DescribeEndpoint chat"]
    assert (await catalog.look_up("chat")).window_tokens == 8192


async def test_turns_at_the_same_time_share_one_look(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.add("chat", CONTAINER)
    await asyncio.gather(*(catalog.look_up("chat") for _ in range(10)))
    assert aws.asked == FIRST_LOOK


@pytest.mark.parametrize("status", ["Creating", "Updating"])
async def test_what_is_not_in_service_is_asked_each_time_until_it_is(
    status: str, aws: FakeControlPlane, catalog: SageMakerCatalog
) -> None:
    aws.add("chat", CONTAINER, status)
    assert (await catalog.look_up("chat")).status == status
    aws.add("chat", CONTAINER)
    assert (await catalog.look_up("chat")).status == "InService"
    assert (await catalog.look_up("chat")).window_tokens == 8192
    assert await asked_by_look_up(aws, catalog) == []


async def test_what_was_scaled_to_zero_is_asked_each_time(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.add("chat", CONTAINER)
    aws.described["DescribeEndpoint", "chat"]["ProductionVariants"][0]["CurrentInstanceCount"] = 0
    await catalog.look_up("chat")
    assert await asked_by_look_up(aws, catalog) == ["DescribeEndpoint chat"]


async def test_an_endpoint_made_again_with_another_image_is_noticed_and_its_form_forgotten(
    aws: FakeControlPlane, catalog: SageMakerCatalog, clock: Clock
) -> None:
    aws.add("chat", {"Image": images.CUSTOM, "Environment": {}})
    assert (await catalog.look_up("chat")).request_form is None
    catalog.remember_form("chat", RequestForm.MESSAGES)
    clock.now += 61
    assert (await catalog.look_up("chat")).request_form is RequestForm.MESSAGES
    await catalog.endpoints(is_fresh=True)
    assert (await catalog.look_up("chat")).request_form is RequestForm.MESSAGES
    aws.add("chat", {"Image": images.OWN, "Environment": {}}, created=2)
    clock.now += 61
    assert (await catalog.look_up("chat")).request_form is RequestForm.PROMPT


async def test_a_deleted_endpoint_is_noticed(aws: FakeControlPlane, catalog: SageMakerCatalog, clock: Clock) -> None:
    aws.add("chat", CONTAINER)
    await catalog.look_up("chat")
    del aws.described["DescribeEndpoint", "chat"]
    clock.now += 61
    with pytest.raises(EndpointNotFound):
        await catalog.look_up("chat")
    aws.endpoints.clear()
    assert await catalog.endpoints() == ()


async def test_a_component_that_wakes_up_is_noticed(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.add("group", None)
    aws.add("owner", CONTAINER)
    aws.add_component("group", "part", {"ModelName": "owner-model"}, copies=0)
    assert (await catalog.endpoints())[0].label.endswith("scaled to zero")
    aws.described["DescribeInferenceComponent", "part"]["RuntimeConfig"]["CurrentCopyCount"] = 1
    aws.asked.clear()
    await catalog.look_up("group/part")
    await catalog.look_up("group/part")
    assert aws.asked == ["DescribeInferenceComponent part"]


async def test_closing_ends_a_listing_under_way(aws: FakeControlPlane, catalog: SageMakerCatalog) -> None:
    aws.may_answer.clear()
    listing = asyncio.create_task(catalog.endpoints())
    while not aws.asked:
        await asyncio.sleep(0.01)
    await catalog.aclose()
    with pytest.raises(asyncio.CancelledError):
        await listing
