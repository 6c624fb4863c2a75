"""The files that `deploy` put into S3: found by their place and their tag, so that no other goes with them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.aws import Aws
from model_server.sagemaker.lifecycle.options import S3Place
from model_server.sagemaker.lifecycle.plan import TAG

DELETED_AT_ONCE = 1000  # as S3 allows


def check_unused(aws: Aws, place: S3Place, name: str) -> None:
    """Raise ConfigurationError where files that `deploy` did not put below `place` could be overwritten."""
    _, others = _files(aws, place, name)
    if others:
        raise ConfigurationError(
            f"Below {place.url} there are files already that `deploy` did not put there ({len(others)}). "
            "Choose another --s3 or --name."
        )


def delete_files(aws: Aws, place: S3Place, name: str, say: Callable[[str], None]) -> bool:
    """Delete below `place` what carries the tag of `name`; return whether there was anything to delete."""
    if not place.prefix:
        raise ConfigurationError(f"{place.url} is a whole bucket. Name the prefix that `deploy` printed.")
    ours, others = _files(aws, place, name)
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
    if others:
        say(f"Left alone: what `deploy` did not put below {place.url} ({len(others)} files)")
    return bool(ours)


def _files(aws: Aws, place: S3Place, name: str) -> tuple[list[str], list[str]]:
    """Return the keys below `place` that carry the tag of `name`, and the others."""
    found = aws.pages("s3", "list_objects_v2", "Contents", {"Bucket": place.bucket, "Prefix": place.prefix})
    keys = [str(entry["Key"]) for entry in found]
    are_ours = {key: _is_ours(aws, place.bucket, key, name) for key in keys}
    return [key for key in keys if are_ours[key]], [key for key in keys if not are_ours[key]]


def _is_ours(aws: Aws, bucket: str, key: str, name: str) -> bool:
    tags = aws.call("s3", "get_object_tagging", {"Bucket": bucket, "Key": key})["TagSet"]
    return {"Key": TAG, "Value": name} in tags
