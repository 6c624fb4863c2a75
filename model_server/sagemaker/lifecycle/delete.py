"""The main path of `delete`: find, scale no more, then endpoint, configuration, model, files, each when it is free.

The same command again goes on where it stopped, and where nothing is left it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.aws import Aws
from model_server.sagemaker.lifecycle.inventory import Kind, Resource, describe, find_deployment, used_by_others
from model_server.sagemaker.lifecycle.options import S3Place, parse_place
from model_server.sagemaker.lifecycle.plan import DIMENSION, NAMESPACE, VARIANT, variant_resource
from model_server.sagemaker.lifecycle.refusals import NotThere
from model_server.sagemaker.lifecycle.storage import delete_files
from model_server.sagemaker.lifecycle.waiting import Patience

GONE_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """`storage` "" means: as the tags say. None: the files stay."""

    name: str
    is_untagged_too: bool = False
    storage: str | None = None


def delete(options: DeleteOptions, aws: Aws, patience: Patience) -> int:
    """Remove a deployment and return the exit code; raise ConfigurationError with a sentence."""
    found = find_deployment(aws, options.name)
    deletable = {options.name, None} if options.is_untagged_too else {options.name}
    ours = [one for one in found if one.deployment in deletable]
    for other in (one for one in found if one not in ours):
        whose = f"belongs to {other.deployment}" if other.deployment else "has no tag (--even-untagged)"
        patience.say(f"Left alone: {other.words}, which {whose}")
    places = _places(options, ours)
    was_anything = _stop_scaling(options.name, ours, aws, patience)
    was_anything |= _delete_resources(ours, aws, patience)
    if options.storage is None:
        for place in places:
            patience.say(f"The files stay, below {place.url}: add --s3 {place.url} to delete them too")
    else:
        for place in places:
            was_anything |= delete_files(aws, place, options.name, patience.say)
    patience.say(
        f"{options.name} is deleted." if was_anything else f"Nothing is left of {options.name} in {aws.region}."
    )
    return 0


def _places(options: DeleteOptions, ours: list[Resource]) -> list[S3Place]:
    tagged = sorted({one.storage for one in ours if one.storage})
    if options.storage == "" and not tagged:
        raise ConfigurationError(
            f"Nothing that is left of {options.name} says where its files are. Name their place: --s3 s3://bucket/prefix/"
            f"{options.name}/"
        )
    return [parse_place(text) for text in ([options.storage] if options.storage else tagged)]


def _delete_resources(ours: list[Resource], aws: Aws, patience: Patience) -> bool:
    endpoints = [one for one in ours if one.kind is Kind.ENDPOINT]
    for endpoint in endpoints:
        _delete_endpoint(endpoint, aws, patience)
    rest = [one for one in ours if one.kind is not Kind.ENDPOINT]
    used = used_by_others(aws, {one.name for one in endpoints}) if rest else set()
    for one in rest:
        if (one.kind, one.name) in used:
            patience.say(f"Left alone: {one.words}, which another endpoint uses")
        else:
            _delete(one, aws, patience)
    return bool(ours)


def _delete_endpoint(endpoint: Resource, aws: Aws, patience: Patience) -> None:
    look = partial(_status, endpoint, aws)
    if look() not in ("Deleting", None):
        _delete(endpoint, aws, patience)
    if not patience.wait(look, lambda status: status is None, GONE_SECONDS):
        raise ConfigurationError(f"{endpoint.words.capitalize()} is still being deleted. Run the command again later.")


def _delete(one: Resource, aws: Aws, patience: Patience) -> None:
    try:
        aws.call("sagemaker", f"delete_{one.kind.call}", {f"{one.kind.member}Name": one.name})
    except NotThere:
        return
    patience.say(f"Deleted {one.words}")


def _status(endpoint: Resource, aws: Aws) -> str | None:
    description = describe(aws, Kind.ENDPOINT, endpoint.name)
    return str(description["EndpointStatus"]) if description else None


def _stop_scaling(name: str, ours: list[Resource], aws: Aws, patience: Patience) -> bool:
    """Remove the scalable targets of our endpoints, and one that an endpoint left behind, with their policies."""
    resources = {variant_resource(one.name, variant) for one in ours for variant in _variants(one, aws)}
    if describe(aws, Kind.ENDPOINT, name) is None:
        resources.add(variant_resource(name, VARIANT))
    if not resources:
        return False
    scope = {"ServiceNamespace": NAMESPACE}
    query = {**scope, "ResourceIds": sorted(resources), "ScalableDimension": DIMENSION}
    targets = list(aws.pages("application-autoscaling", "describe_scalable_targets", "ScalableTargets", query))
    for target in targets:
        arguments = {**scope, "ResourceId": target["ResourceId"], "ScalableDimension": DIMENSION}
        aws.call("application-autoscaling", "deregister_scalable_target", arguments)
        patience.say(f"Deleted the scalable target {target['ResourceId']}")
    return bool(targets)


def _variants(one: Resource, aws: Aws) -> list[str]:
    description = describe(aws, Kind.ENDPOINT, one.name) if one.kind is Kind.ENDPOINT else None
    return [str(variant["VariantName"]) for variant in (description or {}).get("ProductionVariants", [])]
