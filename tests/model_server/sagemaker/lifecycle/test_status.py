"""`status` against moto: what there is, what it costs, and the next step."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from botocore.stub import Stubber

from tests.model_server.sagemaker.lifecycle.cloud import KNOWN_TO_MOTO, REGION, Cloud
from tests.model_server.sagemaker.lifecycle.conftest import BUCKET, Command

TGI = "llama-2-13b-chat-tgi"


def test_nothing_is_there(command: Command, cloud: Cloud) -> None:
    cloud.make("of-somebody")
    said = command("status")
    assert (said.code, said.out) == (0, f"`deploy` has made nothing in {REGION}.\n")
    said = command("status", "of-somebody")
    assert (said.code, said.out) == (1, "")
    assert "nothing of the name of-somebody" in said.error


def test_an_endpoint_in_service_says_the_next_line(command: Command, cloud: Cloud) -> None:
    command.deploy(TGI, "--name", "x")
    command.deploy(TGI, "--name", "another")
    lines = command("status", "x").out.splitlines()
    assert lines[0].startswith(f"x ({TGI}): InService, made 20")
    assert lines[0].endswith(" UTC")
    assert lines[1].startswith("  Price: ")
    assert KNOWN_TO_MOTO in lines[1]
    assert f"  Next: SAGEMAKER_ENDPOINTS=x AWS_REGION={REGION} make run" in lines
    both = command("status").out.split("\n\n")
    assert [text.partition(" ")[0] for text in both] == ["another", "x"]


def test_the_reason_of_a_failure_is_shown(command: Command, cloud: Cloud) -> None:
    """moto's endpoints never fail: describe_endpoint is stubbed."""
    command.deploy(TGI, "--name", "x")
    answer = {
        "EndpointName": "x",
        "EndpointArn": f"arn:aws:sagemaker:{REGION}:123456789012:endpoint/x",
        "EndpointConfigName": "x",
        "EndpointStatus": "Failed",
        "FailureReason": "No space\nleft",
        "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 1}],
        "CreationTime": datetime.fromtimestamp(0, timezone.utc),
        "LastModifiedTime": datetime.fromtimestamp(0, timezone.utc),
    }

    def prepare(stubber: Stubber) -> None:
        stubber.add_response("describe_endpoint", answer, {"EndpointName": "x"})

    cloud.stub("describe_endpoint", prepare)
    lines = command("status", "x").out.splitlines()
    assert lines[0] == f"x ({TGI}): Failed, made 1970-01-01 00:00 UTC, changed 1970-01-01 00:00 UTC"
    assert "  AWS says: No space left" in lines
    assert f"  Log: aws logs tail /aws/sagemaker/Endpoints/x --region {REGION}" in lines


def test_what_is_left_without_an_endpoint_is_shown(command: Command, cloud: Cloud, snapshot: Path) -> None:
    cloud.refuse("CreateEndpoint", "ResourceLimitExceeded")
    said = command.deploy(
        "mistral-7b-instruct-lmi-s3", "--name", "x", "--s3", f"s3://{BUCKET}", "--snapshot", "snapshot"
    )
    assert said.code == 1, said
    out = command("status").out
    assert "no endpoint, so that no instance costs anything" in out
    assert "Left of it: the endpoint configuration x, the model x" in out
    assert f"Files: s3://{BUCKET}/x/" in out
    assert f"delete x --region {REGION} --s3 s3://{BUCKET}/x/" in out
