"""`deploy` against moto: what is asked of AWS in which order, and what is said when it ends in the middle."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from botocore.stub import Stubber

from model_server.sagemaker.lifecycle import deploy as deploy_module
from tests.model_server.sagemaker.lifecycle.cloud import GONE, KNOWN_TO_MOTO, REGION, ROLE, TOKEN, Cloud
from tests.model_server.sagemaker.lifecycle.conftest import BUCKET, Command

TGI = "llama-2-13b-chat-tgi"
NAME = f"twinstream-{TGI}"
S3 = ("--s3", f"s3://{BUCKET}/models", "--snapshot", "snapshot")
MAKING = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "PutObject", "Register", "PutScaling")


def test_an_endpoint_is_made_tagged_and_served(command: Command, cloud: Cloud) -> None:
    said = command.deploy(TGI)
    assert said.code == 0
    assert f"SAGEMAKER_ENDPOINTS={NAME} AWS_REGION={REGION} make run" in said.error
    assert cloud.order(*MAKING) == ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
    assert cloud.resources() == {f"endpoint/{NAME}", f"config/{NAME}", f"model/{NAME}"}
    for operation in cloud.order("Create"):
        tags = {tag["Key"]: tag["Value"] for tag in cloud.arguments(operation)["Tags"]}
        assert tags == {"twinstream": NAME, "twinstream-preset": TGI}
    environment = cloud.arguments("CreateModel")["PrimaryContainer"]["Environment"]
    assert environment == {
        "HF_MODEL_ID": "meta-llama/Llama-2-13b-chat-hf",
        "SM_NUM_GPUS": "4",
        "MAX_INPUT_LENGTH": "2048",
        "MAX_TOTAL_TOKENS": "4096",
        "MAX_BATCH_TOTAL_TOKENS": "8192",
        "HUGGING_FACE_HUB_TOKEN": TOKEN,
    }


def test_sagemaker_is_asked_for_the_published_instance(command: Command, cloud: Cloud) -> None:
    """moto refuses ml.g5.12xlarge, so that this one call is answered by a Stubber, and the next one fails."""
    variant = {
        "VariantName": "main",
        "ModelName": NAME,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.g5.12xlarge",
        "ModelDataDownloadTimeoutInSeconds": 3600,
        "ContainerStartupHealthCheckTimeoutInSeconds": 3600,
    }
    tags = [{"Key": "twinstream", "Value": NAME}, {"Key": "twinstream-preset", "Value": TGI}]
    expected = {"EndpointConfigName": NAME, "ProductionVariants": [variant], "Tags": tags}
    arn = {"EndpointConfigArn": f"arn:aws:sagemaker:{REGION}:123456789012:endpoint-config/{NAME}"}
    stubber = cloud.stub(
        "create_endpoint_config", lambda stubber: stubber.add_response("create_endpoint_config", arn, expected)
    )
    command("deploy", TGI, "--yes", "--role", ROLE, "--hub-token-from", "MY_TOKEN")
    stubber.assert_no_pending_responses()


def test_a_snapshot_goes_to_s3_first_and_the_archive_says_where(command: Command, cloud: Cloud, snapshot: Path) -> None:
    name, preset = "large", "llama-2-13b-chat-lmi-s3"
    assert command.deploy(preset, "--name", name, *S3).code == 0
    assert cloud.order(*MAKING) == ["PutObject"] * 5 + ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
    assert cloud.objects(BUCKET) == [
        f"models/{name}/{key}"
        for key in (
            *("code/model.tar.gz", "model/config.json", "model/model.safetensors", "model/neuron/graph.neff"),
            "model/tokenizer.json",
        )
    ]
    s3 = cloud.direct("s3")
    packed = s3.get_object(Bucket=BUCKET, Key=f"models/{name}/code/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        (entry,) = archive.getmembers()
        file = archive.extractfile(entry)
        assert file is not None
        lines = file.read().decode().splitlines()
    assert entry.name == "serving.properties"
    assert f"option.model_id=s3://{BUCKET}/models/{name}/model/" in lines
    assert "option.rolling_batch=lmi-dist" in lines
    for key in cloud.objects(BUCKET):
        assert s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] == [{"Key": "twinstream", "Value": name}]
    container = cloud.arguments("CreateModel")["PrimaryContainer"]
    assert container["ModelDataUrl"] == f"s3://{BUCKET}/models/{name}/code/model.tar.gz"
    assert container["Environment"] == {"MODEL_LOADING_TIMEOUT": "3600"}


def test_scaling_is_set_up_once_the_endpoint_is_in_service(command: Command, cloud: Cloud) -> None:
    assert command.deploy(TGI, "--min-count", "1", "--max-count", "2").code == 0
    assert cloud.order("CreateEndpoint", "Describe", "Register", "PutScaling")[-3:] == [
        *("DescribeEndpoint", "RegisterScalableTarget", "PutScalingPolicy"),
    ]
    (target,) = cloud.direct("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (
        f"endpoint/{NAME}/variant/main",
        1,
        2,
    )


@pytest.mark.parametrize(
    ("operation", "made"),
    [
        ("PutObject", []),
        ("CreateModel", ["s3://weights"]),
        ("CreateEndpointConfig", ["s3://weights", "the model"]),
        ("CreateEndpoint", ["s3://weights", "the model", "the endpoint configuration"]),
        ("RegisterScalableTarget", ["s3://weights", "the model", "the endpoint configuration", "the endpoint x"]),
    ],
)
def test_what_fails_half_way_says_what_was_made_and_delete_removes_it(
    command: Command, cloud: Cloud, snapshot: Path, operation: str, made: list[str]
) -> None:
    cloud.refuse(operation, "ResourceLimitExceeded", "The account-level service limit for ml.g4dn.xlarge is 0")
    said = command.deploy("mistral-7b-instruct-lmi-s3", "--name", "x", *S3, "--min-count", "1", "--max-count", "2")
    assert said.code == 1
    assert said.error.endswith("set --instance-type or --region.\n")
    assert "ml.g4dn.xlarge for endpoint usage" in said.error
    if not made:
        assert "Nothing was made." in said.error
        return
    line = next(line for line in said.error.splitlines() if line.startswith("Made so far: "))
    assert all(thing in line for thing in made)
    remedy = next(line for line in said.error.splitlines() if line.startswith("To remove it: "))
    arguments = remedy.partition("model_server.sagemaker ")[2].split()
    assert arguments[-4:] == ["--region", REGION, "--s3", f"s3://{BUCKET}/models/x/"]
    assert command(*arguments[:2], *arguments[4:]).code == 0
    assert cloud.resources() == set()
    assert cloud.objects(BUCKET) == []
    assert "Nothing is left of x" in command(*arguments[:2], *arguments[4:]).error


def test_a_connection_that_broke_may_have_made_it(command: Command, cloud: Cloud) -> None:
    cloud.fail("CreateEndpoint", ConnectionResetError())
    said = command.deploy(TGI)
    assert said.code == 1
    assert f"Perhaps also the endpoint {NAME}." in said.error


def test_control_c_says_what_exists(command: Command, cloud: Cloud) -> None:
    cloud.fail("CreateEndpointConfig", KeyboardInterrupt())
    said = command.deploy(TGI)
    assert said.code == 130
    assert f"Made so far: the model {NAME}. Perhaps also the endpoint configuration {NAME}." in said.error
    assert f"delete {NAME} --region {REGION}" in said.error


def stub_statuses(cloud: Cloud, *answers: tuple[str, str]) -> None:
    """Let describe_endpoint find nothing at first, and then the endpoint in these states."""

    def prepare(stubber: Stubber) -> None:
        stubber.add_client_error("describe_endpoint", *GONE)
        for status, reason in answers:
            answer = {
                "EndpointName": NAME,
                "EndpointArn": f"arn:aws:sagemaker:{REGION}:123456789012:endpoint/{NAME}",
                "EndpointStatus": status,
                "CreationTime": 0,
                "LastModifiedTime": 0,
            }
            stubber.add_response("describe_endpoint", {**answer, **({"FailureReason": reason} if reason else {})})

    cloud.stub("describe_endpoint", prepare)


def test_a_container_that_does_not_start_gives_its_reason_and_log(command: Command, cloud: Cloud) -> None:
    reason = "The primary container did not pass the ping health check.\x1b[31m"
    stub_statuses(cloud, ("Creating", ""), ("Creating", ""), *[("Failed", reason)] * 3)
    said = command.deploy(TGI)
    assert said.code == 1
    assert "AWS says: The primary container did not pass the ping health check. [31m" in said.error
    assert f"aws logs tail /aws/sagemaker/Endpoints/{NAME} --region {REGION}" in said.error
    assert "Creating for 0 s" in said.error
    assert f"Made so far: the model {NAME}, the endpoint configuration {NAME}, the endpoint {NAME}." in said.error


def test_waiting_ends(command: Command, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy_module, "INSTANCE_SECONDS", -7200)
    stub_statuses(cloud, *[("Creating", "")] * 3)
    said = command.deploy(TGI)
    assert said.code == 1
    assert "is no longer waited for" in said.error


def test_a_name_that_is_taken_is_left_as_it_is(command: Command, cloud: Cloud) -> None:
    cloud.make(NAME)
    before = len(cloud.calls)
    said = command.deploy(TGI)
    assert said.code == 1
    assert f"already something of the name {NAME} in {REGION} (endpoint, endpoint configuration, model)" in said.error
    assert all(name.startswith("Describe") for name, _ in cloud.calls[before:])


def test_nobody_there_to_ask_makes_nothing(command: Command, cloud: Cloud) -> None:
    said = command("deploy", TGI, "--role", ROLE, "--hub-token-from", "MY_TOKEN", "--instance-type", KNOWN_TO_MOTO)
    assert said.code == 1
    assert "Add --yes." in said.error
    assert cloud.order("Create") == []


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("\n", 1), ("", 1), ("y\n", 0)])
def test_it_asks_with_the_price(
    command: Command, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    said = command("deploy", TGI, "--role", ROLE, "--hub-token-from", "MY_TOKEN", "--instance-type", KNOWN_TO_MOTO)
    assert said.code == code
    assert "Make this? It costs a price that is not known here for 1 x ml.g4dn.xlarge" in said.error
    assert bool(cloud.order("Create")) == (code == 0)


def test_the_role_may_be_given_by_name(command: Command, cloud: Cloud) -> None:
    said = command.deploy(TGI, "--role", "endpoints")
    assert said.code == 1
    assert "This account has no role 'endpoints'" in said.error
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    cloud.direct("iam").create_role(RoleName="endpoints", AssumeRolePolicyDocument=policy)
    assert command.deploy(TGI, "--role", "endpoints").code == 0
    assert cloud.arguments("CreateModel")["ExecutionRoleArn"] == ROLE


def test_without_a_role_the_sentence_says_what_to_give(command: Command, cloud: Cloud) -> None:
    said = command("deploy", TGI, "--yes", "--hub-token-from", "MY_TOKEN")
    assert said.code == 1
    assert "Give --role: the ARN or the name" in said.error


def test_aws_that_repeats_the_token_does_not_make_it_known(command: Command, cloud: Cloud) -> None:
    """`command` looks for the token in all that is said."""
    cloud.refuse("CreateModel", "ValidationException", f"Value '{{HF_TOKEN={TOKEN}}}' failed to satisfy constraint")
    said = command.deploy(TGI)
    assert said.code == 1
    assert "{HF_TOKEN=<hidden>}" in said.error
