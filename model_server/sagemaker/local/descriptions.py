"""What the control plane says of an endpoint and its parts, in the fields that SageMaker's answers have. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from model_server.sagemaker.local.aws_errors import JsonObject
from model_server.sagemaker.local.endpoints import Component, Container, Endpoint

ACCOUNT = "000000000000"
REGION = "us-west-2"
REGISTRY = f"763104351884.dkr.ecr.{REGION}.amazonaws.com"
VARIANT = "AllTraffic"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/local"
INSTANCE_TYPE = "ml.g5.2xlarge"
SERVERLESS = {"MemorySizeInMB": 6144, "MaxConcurrency": 5}
CONTAINER_FOLDER = "/opt/ml/model"


@dataclass(frozen=True, slots=True)
class Listed:
    """An endpoint or a component with what lists need: `created_seconds` is since 1970."""

    name: str
    kind: str  # endpoint or inference-component
    status: str
    created_seconds: float
    endpoint: Endpoint

    @property
    def times(self) -> JsonObject:
        return {"CreationTime": self.created_seconds, "LastModifiedTime": self.created_seconds}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


def endpoint_summary(listed: Listed) -> JsonObject:
    names = {"EndpointName": listed.name, "EndpointArn": arn("endpoint", listed.name)}
    return {**names, **listed.times, "EndpointStatus": listed.status}


def component_summary(listed: Listed) -> JsonObject:
    return {
        "InferenceComponentName": listed.name,
        "InferenceComponentArn": arn("inference-component", listed.name),
        "EndpointName": listed.endpoint.name,
        "EndpointArn": arn("endpoint", listed.endpoint.name),
        "VariantName": VARIANT,
        "InferenceComponentStatus": listed.status,
        **listed.times,
    }


def endpoint_description(listed: Listed) -> JsonObject:
    endpoint = listed.endpoint
    variant: JsonObject = {"VariantName": VARIANT}
    if endpoint.is_serverless:
        variant["CurrentServerlessConfig"] = SERVERLESS
    elif endpoint.is_serving:
        variant |= {"CurrentInstanceCount": 1, "DesiredInstanceCount": 1}
    if endpoint.container is not None:
        variant["DeployedImages"] = [_deployed_image(endpoint.container)]
    description = {**endpoint_summary(listed), "EndpointConfigName": endpoint.name, "ProductionVariants": [variant]}
    return {**description, "FailureReason": endpoint.failure_reason} if endpoint.failure_reason else description


def configuration_description(listed: Listed) -> JsonObject:
    """The configuration of an endpoint has its name, as its model has."""
    endpoint = listed.endpoint
    variant: JsonObject = {"VariantName": VARIANT}
    if endpoint.container is not None:
        variant["ModelName"] = endpoint.name
    if endpoint.is_serverless:
        variant["ServerlessConfig"] = SERVERLESS
    else:
        variant |= {"InitialInstanceCount": 1, "InstanceType": INSTANCE_TYPE}
    description: JsonObject = {
        "EndpointConfigName": endpoint.name,
        "EndpointConfigArn": arn("endpoint-config", endpoint.name),
        "ProductionVariants": [variant],
        "CreationTime": listed.created_seconds,
    }
    return description if endpoint.container is not None else {**description, "ExecutionRoleArn": ROLE}


def model_description(name: str, container: Container, created_seconds: float) -> JsonObject:
    primary: JsonObject = {"Image": image(container), "Environment": dict(container.environment)}
    if CONTAINER_FOLDER in container.environment.values():
        source = {"S3Uri": "s3://local/model/", "S3DataType": "S3Prefix", "CompressionType": "None"}
        primary["ModelDataSource"] = {"S3DataSource": source}
    return {
        "ModelName": name,
        "ModelArn": arn("model", name),
        "PrimaryContainer": primary,
        "ExecutionRoleArn": ROLE,
        "CreationTime": created_seconds,
    }


def component_description(listed: Listed, component: Component) -> JsonObject:
    container = component.container
    described: JsonObject
    if component.has_model:
        described = {"ModelName": component.name}
    else:
        described = {
            "Container": {"DeployedImage": _deployed_image(container), "Environment": dict(container.environment)}
        }
    needs = {"MinMemoryRequiredInMb": 1024, "NumberOfAcceleratorDevicesRequired": 1}
    return {
        **component_summary(listed),
        "Specification": {**described, "ComputeResourceRequirements": needs},
        "RuntimeConfig": {"DesiredCopyCount": component.copies, "CurrentCopyCount": component.copies},
    }


def image(container: Container) -> str:
    return f"{REGISTRY}/{container.image}"


def _deployed_image(container: Container) -> JsonObject:
    return {"SpecifiedImage": image(container), "ResolvedImage": image(container)}
