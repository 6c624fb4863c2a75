"""From options to a plan: every call that a deployment makes, in order. Pure: nothing is looked up here."""

from __future__ import annotations

from urllib.parse import urlencode

from model_server.sagemaker.lifecycle.calls import Argument, Call, Filled, Plan
from model_server.sagemaker.lifecycle.container import Container, build_container
from model_server.sagemaker.lifecycle.images import check_region
from model_server.sagemaker.lifecycle.jumpstart import JumpStartModel
from model_server.sagemaker.lifecycle.options import DeployOptions

TAG = "twinstream"
PRESET_TAG = "twinstream-preset"
STORAGE_TAG = "twinstream-s3"
VARIANT = "main"
NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRIC = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
ROLE = "role"
ROLE_MISSING = "--role: the ARN or the name of the role that SageMaker takes on (see model_server/SAGEMAKER.md)."


def build_plan(options: DeployOptions, jumpstart: JumpStartModel | None = None) -> Plan:
    """Return the plan; `jumpstart` is the description of the model where the preset is JumpStart's and it was read."""
    check_region(options.region)
    container = build_container(options, jumpstart, urlencode({TAG: options.name}))
    instance_type = options.instance_type or (jumpstart.instance_type if jumpstart else options.preset.instance_type)
    tags = _tags(options, container)
    calls = (
        *container.uploads,
        _create_model(options, container, tags),
        _create_configuration(options, instance_type, tags),
        _create_endpoint(options, tags),
    )
    return Plan(
        name=options.name,
        preset=options.preset.name,
        region=options.region,
        instance_type=instance_type,
        count=options.count,
        maximum_count=options.maximum_count or options.count,
        start_seconds=options.start_seconds,
        checks=_checks(options.name),
        calls=calls,
        scaling=_scaling(options),
        storage=container.storage,
        notes=container.notes,
        missing=(*(() if options.role else (ROLE_MISSING,)), *container.missing),
    )


def variant_resource(endpoint: str, variant: str) -> str:
    """Return what application-autoscaling calls a variant."""
    return f"endpoint/{endpoint}/variant/{variant}"


def _checks(name: str) -> tuple[Call, ...]:
    return (
        Call("sagemaker", "describe_endpoint", {"EndpointName": name}),
        Call("sagemaker", "describe_endpoint_config", {"EndpointConfigName": name}),
        Call("sagemaker", "describe_model", {"ModelName": name}),
    )


def _tags(options: DeployOptions, container: Container) -> tuple[Argument, ...]:
    tags = {TAG: options.name, PRESET_TAG: options.preset.name}
    if container.storage:
        tags[STORAGE_TAG] = container.storage
    return tuple({"Key": key, "Value": value} for key, value in tags.items())


def _create_model(options: DeployOptions, container: Container, tags: tuple[Argument, ...]) -> Call:
    arguments: dict[str, Argument] = {
        "ModelName": options.name,
        "ExecutionRoleArn": _role(options),
        "PrimaryContainer": container.definition,
    }
    if options.subnets:
        arguments["VpcConfig"] = {"Subnets": options.subnets, "SecurityGroupIds": options.security_groups}
    return Call("sagemaker", "create_model", {**arguments, "Tags": tags}, f"the model {options.name}")


def _role(options: DeployOptions) -> Argument:
    if options.role is None:
        return Filled(ROLE, "role")
    return options.role if options.role.startswith("arn:") else Filled(ROLE, f"the ARN of the role {options.role}")


def _create_configuration(options: DeployOptions, instance_type: str, tags: tuple[Argument, ...]) -> Call:
    variant: dict[str, Argument] = {
        "VariantName": VARIANT,
        "ModelName": options.name,
        "InitialInstanceCount": options.count,
        "InstanceType": instance_type,
        "ModelDataDownloadTimeoutInSeconds": options.start_seconds,
        "ContainerStartupHealthCheckTimeoutInSeconds": options.start_seconds,
    }
    if options.preset.volume_gib is not None:
        variant["VolumeSizeInGB"] = options.preset.volume_gib
    return Call(
        "sagemaker",
        "create_endpoint_config",
        {"EndpointConfigName": options.name, "ProductionVariants": (variant,), "Tags": tags},
        f"the endpoint configuration {options.name}",
    )


def _create_endpoint(options: DeployOptions, tags: tuple[Argument, ...]) -> Call:
    return Call(
        "sagemaker",
        "create_endpoint",
        {"EndpointName": options.name, "EndpointConfigName": options.name, "Tags": tags},
        f"the endpoint {options.name}",
    )


def _scaling(options: DeployOptions) -> tuple[Call, ...]:
    if options.minimum_count is None or options.maximum_count is None:
        return ()
    variant: dict[str, Argument] = {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": variant_resource(options.name, VARIANT),
        "ScalableDimension": DIMENSION,
    }
    target: dict[str, Argument] = {
        **variant,
        "MinCapacity": options.minimum_count,
        "MaxCapacity": options.maximum_count,
        "Tags": {TAG: options.name},
    }
    policy: dict[str, Argument] = {
        "TargetValue": options.target_concurrency,
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
    }
    return (
        Call("application-autoscaling", "register_scalable_target", target, f"the scalable target of {options.name}"),
        Call(
            "application-autoscaling",
            "put_scaling_policy",
            {
                "PolicyName": options.name,
                **variant,
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": policy,
            },
            f"the scaling policy {options.name}",
        ),
    )
