"""AWS as moto plays it, with every call noted, and with refusals and single stubbed calls where a test wants them.

What moto lacks, and what stands in for it: it knows no ml.g5 or ml.inf2 (tests deploy on ml.g4dn.xlarge, and one stubs
create_endpoint_config by botocore's Stubber), its endpoints are in service and gone at once (describe_endpoint is
stubbed where that matters), and it deletes a configuration that is in use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

REGION = "us-west-2"
ROLE = "arn:aws:iam::123456789012:role/endpoints"
KNOWN_TO_MOTO = "ml.g4dn.xlarge"
TOKEN = "hf_thisIsTheSecretOfTheseTests"
GONE = ("ValidationException", 'Could not find endpoint "arn:aws:sagemaker:us-west-2:123456789012:endpoint/x".')


@cache
def session() -> boto3.Session:
    """One for all tests: reading the description of SageMaker takes boto3 a second."""
    return boto3.Session("invented", "invented", region_name=REGION)


class Cloud:
    """Stands where boto3's session does; its clients are real ones, which moto answers."""

    region_name = REGION

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refusals: dict[str, tuple[int, str, str]] = {}
        self.failures: dict[str, BaseException] = {}
        self.stubs: dict[str, Any] = {}

    def client(self, service: str, **options: Any) -> Any:
        client = session().client(service, **options)
        client.meta.events.register_first("before-parameter-build", self._note)
        client.meta.events.register_first("before-call", self._refuse)
        return _Client(client, self.stubs)

    def direct(self, service: str) -> Any:
        """A client for the test's own use."""
        return session().client(service)

    def refuse(self, operation: str, code: str, message: str = "said AWS", status: int = 400) -> None:
        """Let `operation`, such as CreateModel, be answered with an error from now on."""
        self.refusals[operation] = (status, code, message)

    def fail(self, operation: str, failure: BaseException) -> None:
        """Let `operation` raise before it is sent, as a broken connection or Ctrl-C does."""
        self.failures[operation] = failure

    def stub(self, operation: str, prepare: Callable[[Stubber], None]) -> Stubber:
        """Let one operation of SageMaker, such as describe_endpoint, be answered by a Stubber alone."""
        client = session().client("sagemaker")
        stubber = Stubber(client)
        prepare(stubber)
        stubber.activate()
        self.stubs[operation] = client
        return stubber

    def order(self, *prefixes: str) -> list[str]:
        """Return the operations that were asked for, of those that begin with one of `prefixes`."""
        return [name for name, _ in self.calls if name.startswith(prefixes)]

    def arguments(self, operation: str) -> dict[str, Any]:
        return next(arguments for name, arguments in self.calls if name == operation)

    def resources(self) -> set[str]:
        """Return what exists in SageMaker, as kind/name."""
        client = self.direct("sagemaker")
        return {
            *(f"endpoint/{one['EndpointName']}" for one in client.list_endpoints()["Endpoints"]),
            *(f"config/{one['EndpointConfigName']}" for one in client.list_endpoint_configs()["EndpointConfigs"]),
            *(f"model/{one['ModelName']}" for one in client.list_models()["Models"]),
        }

    def objects(self, bucket: str) -> list[str]:
        return [one["Key"] for one in self.direct("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]

    def make(self, name: str, *, configuration: str | None = None) -> None:
        """Make an endpoint of this name by hand, of another's configuration or its own, without any tag."""
        client = self.direct("sagemaker")
        if configuration is None:
            client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"})
            variant = {"VariantName": "v", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": KNOWN_TO_MOTO}
            client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        client.create_endpoint(EndpointName=name, EndpointConfigName=configuration or name)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, dict(params)))

    def _refuse(self, model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Answer in moto's place, before it hears of the call."""
        if model.name in self.failures:
            raise self.failures[model.name]
        if model.name not in self.refusals:
            return None
        status, code, message = self.refusals[model.name]
        answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return AWSResponse("https://refused.invalid", status, {}, None), answer


class _Client:
    """A client of which single operations are another's."""

    def __init__(self, client: Any, stubs: dict[str, Any]) -> None:
        self._client = client
        self._stubs = stubs

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._stubs.get(operation, self._client), operation)
