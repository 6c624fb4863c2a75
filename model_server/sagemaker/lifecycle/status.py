"""The main path of `status`: what `deploy` made in a region, how it is, what it costs, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from itertools import groupby
from typing import Any

from model_server.sagemaker.lifecycle.aws import Aws
from model_server.sagemaker.lifecycle.inventory import Kind, Resource, describe, find_tagged
from model_server.sagemaker.lifecycle.plan import PRESET_TAG
from model_server.sagemaker.lifecycle.prices import about
from model_server.sagemaker.lifecycle.refusals import clean
from model_server.sagemaker.lifecycle.report import removal

HAS_FAILED = ("Failed", "OutOfService", "UpdateRollbackFailed")


def render_status(aws: Aws, name: str | None) -> str | None:
    """Return the state of all deployments, or of `name`, as lines; None where there is none."""
    found = [one for one in find_tagged(aws) if name in (None, one.deployment)]
    found.sort(key=lambda one: (one.deployment or "", list(Kind).index(one.kind)))
    deployments = [list(resources) for _, resources in groupby(found, key=lambda one: one.deployment)]
    return "\n\n".join("\n".join(_deployment(aws, resources)) for resources in deployments) or None


def _deployment(aws: Aws, resources: list[Resource]) -> Iterator[str]:
    name = str(resources[0].deployment)
    preset = resources[0].tags.get(PRESET_TAG, "no preset")
    endpoints = [one for one in resources if one.kind is Kind.ENDPOINT]
    if not endpoints:
        yield f"{name} ({preset}): no endpoint, so that no instance costs anything"
        yield f"  Left of it: {', '.join(one.words for one in resources)}"
    for endpoint in endpoints:
        yield from _endpoint(aws, endpoint, name, preset)
    storage = next((one.storage for one in resources if one.storage), None)
    if storage:
        yield f"  Files: {storage}"
    yield f"  Delete: {removal(name, aws.region, storage)}"


def _endpoint(aws: Aws, endpoint: Resource, name: str, preset: str) -> Iterator[str]:
    description = describe(aws, Kind.ENDPOINT, endpoint.name)
    if description is None:
        return
    status = str(description["EndpointStatus"])
    yield f"{name} ({preset}): {status}, made {_time(description, 'CreationTime')}, changed " + (
        _time(description, "LastModifiedTime")
    )
    yield from (f"  Price: {price}" for price in _prices(aws, description))
    if description.get("FailureReason"):
        yield f"  AWS says: {clean(str(description['FailureReason']))}"
    if status in HAS_FAILED:
        yield f"  Log: aws logs tail /aws/sagemaker/Endpoints/{endpoint.name} --region {aws.region}"
    if status == "InService":
        yield f"  Next: SAGEMAKER_ENDPOINTS={endpoint.name} AWS_REGION={aws.region} make run"
    elif status in ("Creating", "Updating", "SystemUpdating", "RollingBack"):
        yield "  Next: wait until it is InService, which takes minutes"


def _prices(aws: Aws, description: dict[str, Any]) -> Iterator[str]:
    configuration = describe(aws, Kind.CONFIGURATION, str(description["EndpointConfigName"])) or {}
    types = {
        variant["VariantName"]: variant.get("InstanceType") for variant in configuration.get("ProductionVariants", [])
    }
    for variant in description.get("ProductionVariants", []):
        instance_type = types.get(variant["VariantName"])
        if instance_type:
            yield about(str(instance_type), int(variant.get("CurrentInstanceCount") or 0))


def _time(description: dict[str, Any], member: str) -> str:
    moment = description.get(member)
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" if moment else "at an unknown time"
