"""JumpStart's model: all that is deployed comes from its manifest and specification."""

from __future__ import annotations

import pytest

from tests.model_server.sagemaker.lifecycle.catalogue import BUCKET, IMAGE, MODEL, publish, specification
from tests.model_server.sagemaker.lifecycle.cloud import KNOWN_TO_MOTO, REGION, Cloud
from tests.model_server.sagemaker.lifecycle.conftest import Command

PRESET = "mistral-7b-instruct-jumpstart"


def test_the_newest_version_is_deployed_as_it_is_described(command: Command, cloud: Cloud) -> None:
    oldest = specification(version="1.9.0", hosting_prepacked_artifact_key="old/")
    publish(cloud, specification(version="10.0.0"), oldest, specification(version="9.1.0"))
    assert command.deploy(PRESET).code == 0
    container = cloud.arguments("CreateModel")["PrimaryContainer"]
    assert container == {
        "Image": f"763104351884.dkr.ecr.{REGION}.amazonaws.com/"
        "huggingface-pytorch-tgi-inference:2.0.1-tgi1.1.0-gpu-py39-cu118-ubuntu20.04",  # no alias for this instance
        "Environment": {
            "HF_MODEL_ID": "/opt/ml/model",
            "MAX_INPUT_LENGTH": "8191",
            "MAX_TOTAL_TOKENS": "8192",
            "SM_NUM_GPUS": "1",
        },
        "ModelDataSource": {
            "S3DataSource": {
                "S3Uri": f"s3://{BUCKET}/huggingface-llm/{MODEL}/artifacts/inference-prepack/v1.0.0/",
                "S3DataType": "S3Prefix",
                "CompressionType": "None",
            }
        },
    }
    keys = [arguments["Key"] for name, arguments in cloud.calls if name == "GetObject"]
    assert keys == ["models_manifest.json", f"community_models/{MODEL}/specs_v10.0.0.json"]


def test_another_version_can_be_asked_for(command: Command, cloud: Cloud) -> None:
    publish(
        cloud, specification(version="10.0.0"), specification(version="1.0.0", hosting_prepacked_artifact_key="a.gz")
    )
    assert command.deploy(PRESET, "--model-version", "1.0.0").code == 0
    assert cloud.arguments("CreateModel")["PrimaryContainer"]["ModelDataUrl"] == f"s3://{BUCKET}/a.gz"
    said = command.deploy(PRESET, "--model-version", "2.0.0", "--name", "y")
    assert said.code == 1
    assert "JumpStart has no version '2.0.0' of this model, but: 1.0.0, 10.0.0." in said.error


def test_the_instance_decides_image_and_environment(command: Command, cloud: Cloud) -> None:
    publish(cloud, specification())
    out = command("deploy", PRESET, "--print", "--instance-type", "ml.g5.12xlarge").out
    assert f"Image: {IMAGE}" in out
    assert "SM_NUM_GPUS: 4" in out
    assert "InstanceType: ml.g5.2xlarge" in command("deploy", PRESET, "--print").out


def test_the_persons_own_values_go_before_the_specification(command: Command, cloud: Cloud) -> None:
    publish(cloud, specification())
    assert command.deploy(PRESET, "--env", "MAX_TOTAL_TOKENS=4096", "--image", "tgi-2.2.0").code == 0
    container = cloud.arguments("CreateModel")["PrimaryContainer"]
    assert container["Environment"]["MAX_TOTAL_TOKENS"] == "4096"
    assert "tgi2.2.0" in container["Image"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"supported_inference_instance_types": ["ml.g5.2xlarge"]}, f"not offer this model on {KNOWN_TO_MOTO}, but on"),
        ({"gated_bucket": True}, "wants terms to be accepted"),
        ({"hosting_ecr_specs": {"framework": "x", "framework_version": "1"}}, "wants the image x-1"),
        ({"hosting_ecr_specs": None}, "a form that is not known here"),
        ({"inference_environment_variables": 7}, "a form that is not known here"),
        ({"hosting_artifact_key": None, "hosting_prepacked_artifact_key": None}, "a form that is not known here"),
    ],
)
def test_what_cannot_be_deployed_is_a_sentence(
    command: Command, cloud: Cloud, change: dict[str, object], sentence: str
) -> None:
    publish(cloud, specification(**change))
    said = command.deploy(PRESET)
    assert said.code == 1
    assert sentence in said.error
    assert cloud.order("Create")[1:] == []  # the bucket of the test


def test_a_region_without_jumpstart_is_a_sentence(command: Command, cloud: Cloud) -> None:
    assert f"JumpStart has no models in {REGION}" in command.deploy(PRESET).error


def test_a_region_without_this_model_is_a_sentence(command: Command, cloud: Cloud) -> None:
    publish(cloud)
    assert f"JumpStart does not offer {MODEL} in {REGION}" in command.deploy(PRESET).error
