"""Asks SageMaker which endpoints there are and what each of them runs. It judges nothing and remembers nothing."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.deployment import Deployment, Hosting
from app.backends.sagemaker.details import SERVING_STATUSES
from app.endpoint_errors import AwsAccessDenied, AwsUnreachable, EndpointNotFound

logger = logging.getLogger(__name__)

_PAGE_ITEMS = 100  # the most that SageMaker gives at once
_Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """`is_tolerant`: what the credentials may not ask stays unknown, and is no error."""

    clients: AwsClients
    is_tolerant: bool = False

    async def endpoint_names(self) -> tuple[str, ...]:
        return await self._list("ListEndpoints", "list_endpoints", "Endpoints", "EndpointName")

    async def component_names(self, endpoint_name: str) -> tuple[str, ...]:
        return await self._list(
            "ListInferenceComponents",
            "list_inference_components",
            "InferenceComponents",
            "InferenceComponentName",
            EndpointNameEquals=endpoint_name,
        )

    async def deployment(
        self, endpoint_name: str, component_name: str | None = None, known: Deployment | None = None
    ) -> Deployment:
        """What is there now. Where `known` is still the same but for its status, that costs one call."""
        if component_name:
            return await self._component(endpoint_name, component_name, known)
        return await self._endpoint(endpoint_name, known)

    async def _endpoint(self, name: str, known: Deployment | None) -> Deployment:
        endpoint = await self._describe("DescribeEndpoint", "describe_endpoint", EndpointName=name)
        status = _status(endpoint, "EndpointStatus")
        if endpoint and status not in SERVING_STATUSES:
            _log_status(name, status, endpoint)
            return Deployment(name, status=status)
        configuration_name = endpoint.get("EndpointConfigName", "")
        identity = f"{configuration_name} {endpoint.get('CreationTime', '')}" if endpoint else ""
        variants = endpoint.get("ProductionVariants") or []
        counts = [variant["CurrentInstanceCount"] for variant in variants if "CurrentInstanceCount" in variant]
        copies = sum(counts) if counts else None
        if known and identity and known.identity == identity:
            return replace(known, status=status, copies=copies)
        found = Deployment(name, status=status, identity=identity, copies=copies, image=_deployed_image(variants))
        return await self._configured(found, configuration_name) if configuration_name else found

    async def _configured(self, found: Deployment, configuration_name: str) -> Deployment:
        configuration = await self._describe_part(
            "DescribeEndpointConfig", "describe_endpoint_config", EndpointConfigName=configuration_name
        )
        variant = next(iter(configuration.get("ProductionVariants") or []), None)
        if variant is None:
            return found
        if "AsyncInferenceConfig" in configuration:
            found = replace(found, hosting=Hosting.ASYNCHRONOUS)
        elif "ServerlessConfig" in variant:
            found = replace(found, hosting=Hosting.SERVERLESS)
        elif "ModelName" not in variant:
            # Its instances say nothing: each component has copies of its own.
            return replace(found, hosting=Hosting.COMPONENTS, copies=None)
        return await self._modelled(found, variant["ModelName"])

    async def _modelled(self, found: Deployment, model_name: str) -> Deployment:
        model = await self._describe_part("DescribeModel", "describe_model", ModelName=model_name)
        containers = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model.get("Containers") or []
        found = replace(found, model_name=model_name)
        if not containers:
            return found
        container = containers[0]
        if container.get("Mode") == "MultiModel":
            found = replace(found, hosting=Hosting.MULTI_MODEL)
        elif len(containers) > 1:
            found = replace(found, hosting=Hosting.PIPELINE)
        data = container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri", "")
        return replace(
            found,
            image=container.get("Image", found.image),
            environment=container.get("Environment", {}),
            data_url=data or container.get("ModelDataUrl", ""),
        )

    async def _component(self, endpoint_name: str, name: str, known: Deployment | None) -> Deployment:
        component = await self._describe(
            "DescribeInferenceComponent", "describe_inference_component", InferenceComponentName=name
        )
        status = _status(component, "InferenceComponentStatus")
        if component and status not in SERVING_STATUSES:
            _log_status(f"{endpoint_name}/{name}", status, component)
            return Deployment(endpoint_name, name, status=status)
        # One specification, or one for each type of instance, of the same model.
        specifications = [component["Specification"]] if "Specification" in component else []
        specification: _Answer = next(iter(specifications or component.get("Specifications") or []), {})
        base_name = specification.get("BaseInferenceComponentName")
        if base_name:  # an adapter, which runs in the copies of its base
            return replace(await self._component(endpoint_name, base_name, None), component_name=name, status=status)
        container = specification.get("Container", {})
        image = container.get("DeployedImage", {}).get("SpecifiedImage", "")
        model_name = specification.get("ModelName", "")
        identity = f"{component['CreationTime']} {model_name or image}" if component else ""
        copies = component.get("RuntimeConfig", {}).get("CurrentCopyCount")
        if known and identity and known.identity == identity:
            return replace(known, status=status, copies=copies)
        found = Deployment(
            endpoint_name,
            name,
            status=status,
            identity=identity,
            copies=copies,
            image=image,
            environment=container.get("Environment", {}),
            data_url=container.get("ArtifactUrl", ""),
        )
        return await self._modelled(found, model_name) if model_name else found

    async def _describe(self, action: str, method: str, **parameters: str) -> _Answer:
        """Empty where that is not allowed and may be so."""
        try:
            answer: _Answer = await self.clients.call(
                f"sagemaker:{action}", lambda client: getattr(client, method)(**parameters)
            )
        except AwsAccessDenied:
            if not self.is_tolerant:
                raise
            logger.info("the credentials may not do sagemaker:%s", action)
            return {}
        return answer

    async def _describe_part(self, action: str, method: str, **parameters: str) -> _Answer:
        """Empty also where it was deleted, which people may do while the endpoint that was made of it serves on."""
        try:
            return await self._describe(action, method, **parameters)
        except EndpointNotFound:
            return {}

    async def _list(self, action: str, method: str, items: str, key: str, **parameters: str) -> tuple[str, ...]:
        def all_pages(client: Any) -> tuple[str, ...]:
            pages = client.get_paginator(method).paginate(PaginationConfig={"PageSize": _PAGE_ITEMS}, **parameters)
            return tuple(item[key] for page in pages for item in page[items])

        return await self.clients.call(f"sagemaker:{action}", all_pages)


def _status(answer: _Answer, key: str) -> str:
    """Empty where it may not be asked. Raises AwsUnreachable where what answered is not SageMaker."""
    if answer and key not in answer:
        raise AwsUnreachable(f"a description has no {key}")
    return str(answer.get(key, ""))


def _log_status(name: str, status: str, answer: _Answer) -> None:
    reason = answer.get("FailureReason")
    if reason:
        logger.warning("%s is %s: %s", name, status, reason)


def _deployed_image(variants: list[_Answer]) -> str:
    """Of models from a package, the endpoint itself is all that names the image."""
    images = (image for variant in variants for image in variant.get("DeployedImages") or [])
    return next((image["SpecifiedImage"] for image in images if "SpecifiedImage" in image), "")
