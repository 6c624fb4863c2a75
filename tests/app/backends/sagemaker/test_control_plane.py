"""What moto's SageMaker answers, read as what it is.

moto lacks inference components, and shows neither pipelines nor asynchronous endpoints: see `test_catalog.py`.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.control_plane import ControlPlane
from app.backends.sagemaker.deployment import Deployment, Hosting
from tests.app.backends.sagemaker import images

DATA = "s3://bucket/model/"
CONTAINER = {
    "Image": images.TGI_1_1,
    "Environment": {"HF_MODEL_ID": "/opt/ml/model"},
    "ModelDataSource": {"S3DataSource": {"S3Uri": DATA, "S3DataType": "S3Prefix", "CompressionType": "None"}},
}
INSTANCE = {"InitialInstanceCount": 2, "InstanceType": "ml.g4dn.xlarge"}


@pytest.fixture
def sagemaker() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sagemaker", region_name="us-west-2")


@pytest.fixture
async def control_plane(sagemaker: Any) -> AsyncIterator[ControlPlane]:
    clients = AwsClients("us-west-2")
    yield ControlPlane(clients)
    await clients.aclose()


def make(sagemaker: Any, model: dict[str, Any], variant: dict[str, Any]) -> None:
    role = "arn:aws:iam::123456789012:role/execution"
    sagemaker.create_model(ModelName="a-model", ExecutionRoleArn=role, **model)
    variant = {"VariantName": "all", "ModelName": "a-model", "InitialVariantWeight": 1, **variant}
    sagemaker.create_endpoint_config(EndpointConfigName="a-configuration", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="chat", EndpointConfigName="a-configuration")


async def test_an_endpoint_is_read_with_its_model(sagemaker: Any, control_plane: ControlPlane) -> None:
    make(sagemaker, {"PrimaryContainer": CONTAINER}, INSTANCE)
    assert await control_plane.endpoint_names() == ("chat",)
    found = await control_plane.deployment("chat")
    assert found.identity.startswith("a-configuration 20")
    assert found == Deployment(
        "chat",
        status="InService",
        identity=found.identity,
        copies=2,
        image=images.TGI_1_1,
        environment={"HF_MODEL_ID": "/opt/ml/model"},
        data_url=DATA,
        model_name="a-model",
    )


async def test_a_serverless_endpoint_is_known_as_such(sagemaker: Any, control_plane: ControlPlane) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 6144, "MaxConcurrency": 1}}
    make(sagemaker, {"PrimaryContainer": CONTAINER}, serverless)
    assert (await control_plane.deployment("chat")).hosting is Hosting.SERVERLESS


async def test_what_is_known_is_asked_for_its_status_alone(sagemaker: Any, control_plane: ControlPlane) -> None:
    make(sagemaker, {"PrimaryContainer": CONTAINER}, INSTANCE)
    known = await control_plane.deployment("chat")
    sagemaker.delete_model(ModelName="a-model")
    sagemaker.delete_endpoint_config(EndpointConfigName="a-configuration")
    assert await control_plane.deployment("chat", known=known) == known
    assert (await control_plane.deployment("chat")).image == ""
