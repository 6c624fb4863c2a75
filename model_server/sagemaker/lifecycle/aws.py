"""The door to AWS: every call of these commands goes through `Aws.call`, and what boto3 raises ends as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from boto3.exceptions import Boto3Error, S3UploadFailedError
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.refusals import explain_botocore, explain_refusal

CONFIGURATION = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=10, read_timeout=60)
UNSIGNED_CONFIGURATION = Config(
    signature_version=UNSIGNED,
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=20,
)


class Aws:
    """One account in one region. `session` None: as boto3 finds credentials by its own chain."""

    def __init__(self, region: str, session: Any = None) -> None:
        self.region = region
        self._session = session or open_session()
        self._clients: dict[str, Any] = {}

    def call(
        self, service: str, operation: str, arguments: dict[str, Any], hidden: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return what AWS answers; raise NotThere or ConfigurationError, in which no text of `hidden` is left."""
        try:
            answer: dict[str, Any] | None = getattr(self._client(service), operation)(**arguments)
            return answer or {}
        except ClientError as error:
            raise explain_refusal(error, service, operation, self.region, hidden) from None
        except S3UploadFailedError as error:
            cause = error.__context__
            if isinstance(cause, ClientError):
                raise explain_refusal(cause, service, operation, self.region, hidden) from None
            raise explain_botocore(error, service, operation, self.region, hidden) from None
        except (BotoCoreError, Boto3Error, OSError) as error:
            raise explain_botocore(error, service, operation, self.region, hidden) from None

    def pages(self, service: str, operation: str, member: str, arguments: dict[str, Any]) -> Iterator[Any]:
        """Yield each `member` of all pages of a list."""
        token: dict[str, Any] = {}
        while True:
            answer = self.call(service, operation, {**arguments, **token})
            yield from answer.get(member, [])
            if answer.get("NextContinuationToken"):  # as S3 calls it
                token = {"ContinuationToken": answer["NextContinuationToken"]}
            elif answer.get("NextToken"):
                token = {"NextToken": answer["NextToken"]}
            else:
                return

    def read_object(self, bucket: str, key: str) -> bytes:
        """Return an object as these credentials may read it."""
        return _read(self.call("s3", "get_object", {"Bucket": bucket, "Key": key}))

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._opened(service, CONFIGURATION)
        return self._clients[service]

    def _opened(self, service: str, configuration: Config) -> Any:
        try:
            return self._session.client(service, region_name=self.region, config=configuration)
        except ValueError as error:  # all that botocore says of an address that is none
            raise ConfigurationError(
                "AWS_ENDPOINT_URL is no address. Set it to one like http://127.0.0.1:8800, or leave it unset."
            ) from error


class PublicBuckets(Aws):
    """The same without credentials, for what AWS lets everybody read."""

    def _client(self, service: str) -> Any:
        return self._opened(service, UNSIGNED_CONFIGURATION)


def open_session() -> Any:
    """Return boto3's session; raise ConfigurationError where AWS_PROFILE names a profile that does not exist."""
    try:
        return boto3.Session()
    except ProfileNotFound as error:
        raise ConfigurationError(
            "AWS_PROFILE names a profile that is not in the configuration of AWS. Correct it, or leave it unset."
        ) from error


def configured_region() -> str | None:
    """Return the region that boto3's own configuration names, if it does."""
    region: str | None = open_session().region_name
    return region


def _read(answer: dict[str, Any]) -> bytes:
    content: bytes = answer["Body"].read()
    return content
