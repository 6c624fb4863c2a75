"""What there is of a deployment: found by its tag and by its name, with what must be known before anything goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from model_server.sagemaker.lifecycle.aws import Aws
from model_server.sagemaker.lifecycle.plan import STORAGE_TAG, TAG
from model_server.sagemaker.lifecycle.refusals import NotThere


class Kind(Enum):
    """As a person calls it, and as the calls and their arguments do."""

    ENDPOINT = ("endpoint", "endpoint", "Endpoint")
    CONFIGURATION = ("endpoint configuration", "endpoint_config", "EndpointConfig")
    MODEL = ("model", "model", "Model")

    @property
    def noun(self) -> str:
        return self.value[0]

    @property
    def call(self) -> str:
        return self.value[1]

    @property
    def member(self) -> str:
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that exists, with its tags."""

    kind: Kind
    name: str
    tags: Mapping[str, str]

    @property
    def deployment(self) -> str | None:
        """The name that `deploy` gave it by its tag."""
        return self.tags.get(TAG)

    @property
    def storage(self) -> str | None:
        return self.tags.get(STORAGE_TAG)

    @property
    def words(self) -> str:
        return f"the {self.kind.noun} {self.name}"


def find_tagged(aws: Aws) -> list[Resource]:
    """Return all that carries our tag in this region; each resource takes one call to read its tags."""
    found = [_resource(aws, kind, summary) for kind in Kind for summary in _summaries(aws, kind)]
    return [resource for resource in found if resource and resource.deployment]


def find_deployment(aws: Aws, name: str) -> list[Resource]:
    """Return what carries the tag of `name`, what bears its name, and what its endpoint is made of, tagged or not."""
    found = {(one.kind, one.name): one for one in find_tagged(aws) if one.deployment == name}
    for kind in Kind:  # an endpoint leads to configurations, and these to models
        above = [one.name for one in found.values() if one.kind is kind]
        for candidate in {name, *above}:
            _add(aws, found, kind, candidate)
        for one in [one for one in found.values() if one.kind is kind]:
            for below, other in linked(aws, one.kind, one.name):
                _add(aws, found, below, other)
    order = list(Kind)
    return sorted(found.values(), key=lambda one: (order.index(one.kind), one.name))


def linked(aws: Aws, kind: Kind, name: str) -> list[tuple[Kind, str]]:
    """Return what an endpoint or a configuration names, one floor below it."""
    description = describe(aws, kind, name) if kind is not Kind.MODEL else None
    if description is None:
        return []
    if kind is Kind.ENDPOINT:
        return [(Kind.CONFIGURATION, str(description["EndpointConfigName"]))]
    variants = description.get("ProductionVariants", [])
    return [(Kind.MODEL, str(variant["ModelName"])) for variant in variants if variant.get("ModelName")]


def used_by_others(aws: Aws, endpoints: set[str]) -> set[tuple[Kind, str]]:
    """Return the configurations and models that endpoints other than `endpoints` are made of."""
    used: set[tuple[Kind, str]] = set()
    for summary in _summaries(aws, Kind.ENDPOINT):
        if summary["EndpointName"] not in endpoints:
            for kind, configuration in linked(aws, Kind.ENDPOINT, summary["EndpointName"]):
                used.add((kind, configuration))
                used.update(linked(aws, kind, configuration))
    return used


def describe(aws: Aws, kind: Kind, name: str) -> dict[str, Any] | None:
    """Return what AWS says of one resource, None where there is none."""
    try:
        return aws.call("sagemaker", f"describe_{kind.call}", {f"{kind.member}Name": name})
    except NotThere:
        return None


def _add(aws: Aws, found: dict[tuple[Kind, str], Resource], kind: Kind, name: str) -> None:
    if (kind, name) in found:
        return
    description = describe(aws, kind, name)
    resource = _resource(aws, kind, description) if description else None
    if resource:
        found[kind, name] = resource


def _summaries(aws: Aws, kind: Kind) -> Iterator[dict[str, Any]]:
    return aws.pages("sagemaker", f"list_{kind.call}s", f"{kind.member}s", {})


def _resource(aws: Aws, kind: Kind, summary: Mapping[str, Any]) -> Resource | None:
    try:
        tags = list(aws.pages("sagemaker", "list_tags", "Tags", {"ResourceArn": summary[f"{kind.member}Arn"]}))
    except NotThere:  # it went in the meantime
        return None
    return Resource(kind, str(summary[f"{kind.member}Name"]), {tag["Key"]: tag["Value"] for tag in tags})
