"""Checkpoints in S3: the only home of boto3, which finds credentials, region and endpoint by its own chain.

A prefix has no revision, so its fingerprint over all ETags stands for one; every read insists on the ETag that was
listed, so that an object that is replaced meanwhile is noticed and never mixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  botocore's own
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
)
from urllib3.exceptions import HTTPError  # what reading a body raises, past botocore's own errors

from model_server.errors import ConfigurationError
from model_server.prepare.sources.base import Listing, SourceFile, SourceInterrupted
from model_server.prepare.sources.fingerprint import fingerprint

CHUNK_BYTES = 1024 * 1024
CONFIGURATION = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=10, read_timeout=60)
TRANSIENT = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "500", "503"}


@dataclass(frozen=True, slots=True)
class S3Source:
    """The objects directly under one prefix; `prefix` is empty or ends with a slash."""

    bucket: str
    prefix: str

    @property
    def name(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def pinned_revision(self) -> str | None:
        return None

    def list_files(self) -> Listing:
        with self._sentences():
            pages = (
                _client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self.bucket, Prefix=self.prefix, Delimiter="/")
            )
            objects = [entry for page in pages for entry in page.get("Contents", [])]
        files = [
            SourceFile(entry["Key"][len(self.prefix) :], entry["Size"], entry["ETag"])
            for entry in objects
            if entry["Key"] != self.prefix
        ]
        return Listing(fingerprint(files), tuple(files))

    def copy(self, file: SourceFile, start: int, target: BinaryIO) -> None:
        with self._sentences():
            answer = _client().get_object(
                Bucket=self.bucket, Key=self.prefix + file.name, IfMatch=file.identity, Range=f"bytes={start}-"
            )
            if start and answer["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.PARTIAL_CONTENT:
                target.seek(0)  # a server that speaks S3 but knows no ranges
                target.truncate()
            target.writelines(answer["Body"].iter_chunks(CHUNK_BYTES))

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except NoCredentialsError as error:
            raise ConfigurationError(
                f"No AWS credentials were found for {self.name}. Set AWS_PROFILE or a key, or give the machine a role."
            ) from error
        except ClientError as error:
            raise self._explain(error) from error
        except (HTTPClientError, ConnectionError, IncompleteReadError, HTTPError, OSError) as error:
            raise SourceInterrupted(f"the connection to S3 failed ({type(error).__name__})") from error
        except BotoCoreError as error:
            raise ConfigurationError(f"{self.name} cannot be read: {error} Set AWS_REGION, for example.") from error

    def _explain(self, error: ClientError) -> Exception:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in TRANSIENT:
            return SourceInterrupted(f"S3 answered {code}")
        if code in ("PreconditionFailed", "412", "NoSuchKey"):
            return ConfigurationError(f"{self.name} was changed while it was read. Run the command again.")
        if code == "NoSuchBucket":
            return ConfigurationError(f"There is no bucket {self.bucket!r}. Check --source.")
        return ConfigurationError(
            f"S3 refuses {self.name} ({code}). Reading takes s3:ListBucket on the bucket and s3:GetObject on the files."
        )


def _client() -> Any:
    return boto3.Session().client("s3", config=CONFIGURATION)
