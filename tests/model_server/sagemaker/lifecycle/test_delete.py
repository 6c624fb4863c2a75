"""`delete` against moto: the order, what is left of a half-failed deploy, what is not ours, and a second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.stub import Stubber

from tests.model_server.sagemaker.lifecycle.cloud import GONE, KNOWN_TO_MOTO, REGION, Cloud
from tests.model_server.sagemaker.lifecycle.conftest import BUCKET, Command

TGI = "llama-2-13b-chat-tgi"
LMI = "mistral-7b-instruct-lmi-s3"
S3 = ("--s3", f"s3://{BUCKET}/models", "--snapshot", "snapshot")
ALL = {"endpoint/x", "config/x", "model/x"}


def test_everything_goes_in_the_right_order(command: Command, cloud: Cloud, snapshot: Path) -> None:
    command.deploy(LMI, "--name", "x", *S3, "--min-count", "1", "--max-count", "2")
    cloud.calls.clear()
    said = command("delete", "x", "--s3")
    assert said.code == 0
    assert cloud.order("Delete", "Deregister") == [
        *("DeregisterScalableTarget", "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeleteObjects"),
    ]
    assert cloud.resources() == set()
    assert cloud.objects(BUCKET) == []
    scaling = cloud.direct("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_names_are_read_before_and_the_configuration_waits_for_the_endpoints_end(
    command: Command, cloud: Cloud
) -> None:
    """moto's endpoints are gone at once: describe_endpoint is stubbed, and says Deleting for a while."""
    command.deploy(TGI, "--name", "x")
    answer = {
        "EndpointName": "x",
        "EndpointArn": f"arn:aws:sagemaker:{REGION}:123456789012:endpoint/x",
        "EndpointConfigName": "x",
        "EndpointStatus": "InService",
        "CreationTime": 0,
        "LastModifiedTime": 0,
    }

    def prepare(stubber: Stubber) -> None:
        for status in (*["InService"] * 4, *["Deleting"] * 3):
            stubber.add_response("describe_endpoint", {**answer, "EndpointStatus": status})
        for _ in range(3):
            stubber.add_client_error("describe_endpoint", *GONE)

    cloud.stub("describe_endpoint", prepare)
    events = cloud.stubs["describe_endpoint"].meta.events
    events.register("before-parameter-build", lambda **_: cloud.calls.append(("Asked", {})))
    cloud.calls.clear()
    said = command("delete", "x")
    assert said.code == 0
    assert "Deleting for 0 s" in said.error
    order = cloud.order("Asked", "Delete")
    deleted = order.index("DeleteEndpoint")
    assert "Asked" in order[:deleted]
    assert order[deleted + 1 : order.index("DeleteEndpointConfig")].count("Asked") >= 4
    assert order[-2:] == ["DeleteEndpointConfig", "DeleteModel"]


def test_a_second_time_nothing_is_left(command: Command, cloud: Cloud) -> None:
    command.deploy(TGI, "--name", "x")
    assert "x is deleted." in command("delete", "x").error
    cloud.calls.clear()
    said = command("delete", "x")
    assert (said.code, said.error) == (0, f"Nothing is left of x in {REGION}.\n")
    assert cloud.order("Delete", "Deregister") == []


@pytest.mark.parametrize("gone", [["endpoint"], ["endpoint", "endpoint_config"], ["model"], ["endpoint", "model"]])
def test_what_is_left_of_half_a_deployment_goes(command: Command, cloud: Cloud, gone: list[str]) -> None:
    command.deploy(TGI, "--name", "x")
    members = {"endpoint": "EndpointName", "endpoint_config": "EndpointConfigName", "model": "ModelName"}
    for kind in gone:
        getattr(cloud.direct("sagemaker"), f"delete_{kind}")(**{members[kind]: "x"})
    assert command("delete", "x").code == 0
    assert cloud.resources() == set()


@pytest.mark.parametrize("operation", ["DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeleteObjects"])
def test_a_delete_that_failed_goes_on_the_next_time(
    command: Command, cloud: Cloud, snapshot: Path, operation: str
) -> None:
    command.deploy(LMI, "--name", "x", *S3)
    cloud.refuse(operation, "AccessDeniedException", "User is not authorized to perform: sagemaker:That on resource")
    said = command("delete", "x", "--s3")
    assert said.code == 1
    assert "may not do" in said.error
    cloud.refusals.clear()
    place = f"s3://{BUCKET}/models/x/"
    assert command("delete", "x", "--s3", place).code == 0
    assert (cloud.resources(), cloud.objects(BUCKET)) == (set(), [])


def test_two_deployments_do_not_touch_each_other(command: Command, cloud: Cloud, snapshot: Path) -> None:
    command.deploy(LMI, "--name", "x", *S3)
    command.deploy(LMI, "--name", "x-2", *S3)
    assert command("delete", "x", "--s3").code == 0
    assert cloud.resources() == {"endpoint/x-2", "config/x-2", "model/x-2"}
    assert {key.split("/")[1] for key in cloud.objects(BUCKET)} == {"x-2"}


def test_what_has_no_tag_is_left_alone_unless_it_is_said(command: Command, cloud: Cloud) -> None:
    cloud.make("x")
    said = command("delete", "x")
    assert said.code == 0
    assert said.error.count("Left alone") == 3
    assert "--even-untagged" in said.error
    assert cloud.resources() == ALL
    assert cloud.order("Delete") == []
    assert command("delete", "x", "--even-untagged").code == 0
    assert cloud.resources() == set()


def test_what_belongs_to_another_deployment_stays_even_then(command: Command, cloud: Cloud) -> None:
    command.deploy(TGI, "--name", "other")
    cloud.make("x", configuration="other")
    said = command("delete", "x", "--even-untagged")
    assert said.code == 0
    assert "Left alone: the endpoint configuration other, which belongs to other" in said.error
    assert cloud.resources() == {"endpoint/other", "config/other", "model/other"}


def test_a_configuration_that_another_endpoint_uses_stays_with_its_model(command: Command, cloud: Cloud) -> None:
    """moto would delete it without complaint."""
    command.deploy(TGI, "--name", "x")
    cloud.make("borrower", configuration="x")
    said = command("delete", "x")
    assert said.code == 0
    assert said.error.count("which another endpoint uses") == 2
    assert cloud.resources() == {"endpoint/borrower", "config/x", "model/x"}


def test_what_an_endpoint_was_changed_to_is_found_by_tag_and_by_link(command: Command, cloud: Cloud) -> None:
    """Someone made a new configuration and model, tagged as ours, under names of their own."""
    command.deploy(TGI, "--name", "x")
    client = cloud.direct("sagemaker")
    tags = [{"Key": "twinstream", "Value": "x"}]
    variant = {"VariantName": "v", "ModelName": "y", "InitialInstanceCount": 1, "InstanceType": KNOWN_TO_MOTO}
    client.create_model(ModelName="y", ExecutionRoleArn="arn:aws:iam::1:role/r", Tags=tags, PrimaryContainer={})
    client.create_endpoint_config(EndpointConfigName="y", ProductionVariants=[variant], Tags=tags)
    assert command("delete", "x").code == 0
    assert cloud.resources() == set()


def test_files_stay_until_they_are_asked_for_and_others_stay_then_too(
    command: Command, cloud: Cloud, snapshot: Path
) -> None:
    command.deploy(LMI, "--name", "x", *S3)
    cloud.direct("s3").put_object(Bucket=BUCKET, Key="models/x/of-somebody", Body=b"")
    place = f"s3://{BUCKET}/models/x/"
    said = command("delete", "x")
    assert f"add --s3 {place}" in said.error
    assert len(cloud.objects(BUCKET)) == 6
    assert "says where its files are" in command("delete", "x", "--s3").error
    said = command("delete", "x", "--s3", place)
    assert (said.code, cloud.objects(BUCKET)) == (0, ["models/x/of-somebody"])
    assert "Left alone: what `deploy` did not put below" in said.error


def test_files_of_somebody_are_not_overwritten(command: Command, cloud: Cloud, snapshot: Path) -> None:
    cloud.direct("s3").put_object(Bucket=BUCKET, Key="models/x/model/config.json", Body=b"theirs")
    said = command.deploy(LMI, "--name", "x", *S3)
    assert said.code == 1
    assert "Below s3://weights/models/x/ there are files already" in said.error
    assert cloud.order("PutObject", "Create") == []


def test_a_bucket_that_does_not_exist_is_a_sentence_before_anything_is_made(
    command: Command, cloud: Cloud, snapshot: Path
) -> None:
    said = command.deploy(LMI, "--s3", "s3://nowhere/x", "--snapshot", "snapshot")
    assert said.code == 1
    assert "There is no such bucket." in said.error
    assert cloud.order("Create") == []


def test_a_whole_bucket_is_never_meant(command: Command, cloud: Cloud) -> None:
    said = command("delete", "x", "--s3", f"s3://{BUCKET}")
    assert said.code == 1
    assert "is a whole bucket" in said.error


def test_control_c_says_how_to_go_on(command: Command, cloud: Cloud) -> None:
    command.deploy(TGI, "--name", "x")
    cloud.fail("DeleteEndpointConfig", KeyboardInterrupt())
    said = command("delete", "x")
    assert said.code == 130
    assert "run the command again" in said.error
