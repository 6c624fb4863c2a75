"""The files that `deploy` put into S3: found by their place and their tag, so that no other goes with them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.aws import Aws
from model_server.sagemaker.lifecycle.options import S3Place
from model_server.sagemaker.lifecycle.plan import TAG

DELETED_AT_ONCE = 1000  # as S3 allows


def delete_files(aws: Aws, place: S3Place, name: str, say: Callable[[str], None]) -> bool:
    """Delete below `place` what carries the tag of `name`; return whether there was anything to delete."""
    if not place.prefix:
        raise ConfigurationError(f"{place.url} is a whole bucket. Name the prefix that `deploy` printed.")
    found = aws.pages("s3", "list_objects_v2", "Contents", {"Bucket": place.bucket, "Prefix": place.prefix})
    keys = [str(entry["Key"]) for entry in found]
    ours = [key for key in keys if _is_ours(aws, place.bucket, key, name)]
    remaining = iter(ours)
    while batch := list(islice(remaining, DELETED_AT_ONCE)):
        objects = [{"Key": key} for key in batch]
        answer = aws.call(
            "s3", "delete_objects", {"Bucket": place.bucket, "Delete": {"Objects": objects, "Quiet": True}}
        )
        if answer.get("Errors"):
            raise ConfigurationError(
                f"{len(answer['Errors'])} files below {place.url} could not be deleted. It takes s3:DeleteObject; "
                "run the command again."
            )
    if ours:
        say(f"Deleted {len(ours)} files below {place.url}")
    if len(ours) < len(keys):
        say(f"Left alone: {len(keys) - len(ours)} files below {place.url}, which `deploy` did not put there")
    return bool(ours)


def _is_ours(aws: Aws, bucket: str, key: str, name: str) -> bool:
    tags = aws.call("s3", "get_object_tagging", {"Bucket": bucket, "Key": key})["TagSet"]
    return {"Key": TAG, "Value": name} in tags
