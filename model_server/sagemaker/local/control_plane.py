"""The part of SageMaker's control plane that reads: lists in pages, and descriptions. JSON 1.1 in, JSON out. Pure.

Knows only what the endpoints say; it makes, changes and deletes nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence

from model_server.sagemaker.local.aws_errors import AwsError, JsonObject, validation_exception
from model_server.sagemaker.local.descriptions import (
    Listed,
    arn,
    component_description,
    component_summary,
    configuration_description,
    endpoint_description,
    endpoint_summary,
    model_description,
)
from model_server.sagemaker.local.endpoints import Component, Container, Endpoint

DEFAULT_PAGE = 10
LARGEST_PAGE = 100
SORT_KEYS: dict[str, Callable[[Listed], object]] = {
    "Name": lambda listed: listed.name,
    "CreationTime": lambda listed: listed.created_seconds,
    "Status": lambda listed: listed.status,
}


class ControlPlane:
    """`created_seconds`: when the first endpoint was made, since 1970; each next one a second later."""

    def __init__(self, endpoints: Sequence[Endpoint], created_seconds: float) -> None:
        times = [created_seconds + number for number in range(len(endpoints))]
        self._endpoints = {
            endpoint.name: Listed(endpoint.name, "endpoint", endpoint.status, created, endpoint)
            for endpoint, created in zip(endpoints, times, strict=True)
        }
        self._components: dict[str, tuple[Listed, Component]] = {}
        for listed in self._endpoints.values():
            for component in listed.endpoint.components:
                entry = Listed(
                    component.name, "inference-component", "InService", listed.created_seconds, listed.endpoint
                )
                self._components[component.name] = (entry, component)
        self._operations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "ListEndpoints": self._list_endpoints,
            "ListInferenceComponents": self._list_components,
            "DescribeEndpoint": lambda asked: endpoint_description(self._endpoint(asked, "EndpointName", "endpoint")),
            "DescribeEndpointConfig": lambda asked: configuration_description(
                self._endpoint(asked, "EndpointConfigName", "endpoint configuration")
            ),
            "DescribeModel": self._describe_model,
            "DescribeInferenceComponent": self._describe_component,
            "ListTags": self._list_tags,
        }

    def answer(self, operation: str, body: bytes) -> JsonObject:
        """Return the answer of an operation by its name; raises AwsError."""
        if operation not in self._operations:
            raise AwsError(400, "UnknownOperationException", f"The local SageMaker has no operation {operation}.")
        try:
            asked = json.loads(body)
        except ValueError as error:
            raise AwsError(400, "SerializationException", "The body is not JSON.") from error
        if not isinstance(asked, dict):
            raise AwsError(400, "SerializationException", "The body is no JSON object.")
        return self._operations[operation](asked)

    def _list_endpoints(self, asked: JsonObject) -> JsonObject:
        page, rest = _page(_filtered(self._endpoints.values(), asked), asked)
        return {"Endpoints": [endpoint_summary(listed) for listed in page], **rest}

    def _list_components(self, asked: JsonObject) -> JsonObject:
        wanted = asked.get("EndpointNameEquals")
        every = [entry for entry, _ in self._components.values() if wanted in (None, entry.endpoint.name)]
        page, rest = _page(_filtered(every, asked), asked)
        return {"InferenceComponents": [component_summary(listed) for listed in page], **rest}

    def _describe_model(self, asked: JsonObject) -> JsonObject:
        name = _name(asked, "ModelName")
        found = self._model(name)
        if found is None:
            raise _not_found("model", "model", name)
        container, created_seconds = found
        return model_description(name, container, created_seconds)

    def _model(self, name: str) -> tuple[Container, float] | None:
        if name in self._components and self._components[name][1].has_model:
            entry, component = self._components[name]
            return component.container, entry.created_seconds
        listed = self._endpoints.get(name)
        if listed is None or listed.endpoint.container is None:
            return None
        return listed.endpoint.container, listed.created_seconds

    def _describe_component(self, asked: JsonObject) -> JsonObject:
        name = _name(asked, "InferenceComponentName")
        if name not in self._components:
            raise _not_found("inference component", "inference-component", name)
        return component_description(*self._components[name])

    def _list_tags(self, asked: JsonObject) -> JsonObject:
        resource = _name(asked, "ResourceArn")
        tags = next(
            (each.endpoint.tags for each in self._endpoints.values() if arn("endpoint", each.name) == resource), {}
        )
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _endpoint(self, asked: JsonObject, field: str, what: str) -> Listed:
        name = _name(asked, field)
        if name not in self._endpoints:
            raise _not_found(what, "endpoint" if what == "endpoint" else "endpoint-config", name)
        return self._endpoints[name]


def _name(asked: JsonObject, field: str) -> str:
    name = asked.get(field)
    if not isinstance(name, str) or not name:
        raise validation_exception(
            f"1 validation error detected: Value null at '{field[:1].lower()}{field[1:]}' failed to satisfy "
            "constraint: Member must not be null"
        )
    return name


def _not_found(what: str, kind: str, name: str) -> AwsError:
    return validation_exception(f'Could not find {what} "{arn(kind, name)}".')


def _filtered(every: Iterable[Listed], asked: JsonObject) -> list[Listed]:
    status, part = asked.get("StatusEquals"), str(asked.get("NameContains") or "")
    kept = [listed for listed in every if status in (None, listed.status) and part.lower() in listed.name.lower()]
    key = SORT_KEYS.get(str(asked.get("SortBy") or "CreationTime"), SORT_KEYS["CreationTime"])
    return sorted(kept, key=lambda each: (key(each), each.name), reverse=asked.get("SortOrder") != "Ascending")


def _page(every: list[Listed], asked: JsonObject) -> tuple[list[Listed], JsonObject]:
    """Return one page, and the token of the next where there is one."""
    size = asked.get("MaxResults", DEFAULT_PAGE)
    if not isinstance(size, int) or not 1 <= size <= LARGEST_PAGE:
        raise validation_exception(f"MaxResults must be between 1 and {LARGEST_PAGE}.")
    names = [listed.name for listed in every]
    start = 0
    if asked.get("NextToken") is not None:
        try:
            start = names.index(base64.b64decode(str(asked["NextToken"]), validate=True).decode())
        except ValueError as error:
            raise validation_exception("Invalid pagination token.") from error
    end = start + size
    rest: JsonObject = {"NextToken": base64.b64encode(names[end].encode()).decode()} if end < len(names) else {}
    return every[start:end], rest
