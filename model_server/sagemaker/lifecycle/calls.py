"""A deployment before it happens: calls with their arguments, as values that can be printed as well as made.

What only the moment of making knows, such as a token, stands in them as `Filled`: a plan never holds a secret, so that
none can be printed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Filled:
    """A text that is filled in when the call is made; `key` names it to the one who fills, `shown` to a person."""

    key: str
    shown: str


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes to be stored."""

    content: bytes
    shown: str


Argument: TypeAlias = "str | int | float | Filled | Blob | tuple[Argument, ...] | Mapping[str, Argument]"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of boto3; `makes` says in a few words what exists after it."""

    service: str
    operation: str
    arguments: Mapping[str, Argument]
    makes: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`missing` says what must still be given; a plan with such gaps can be printed, but not carried out.

    `scaling` is done once the endpoint is in service, which it must be for that.
    """

    name: str
    preset: str
    region: str
    instance_type: str
    count: int
    maximum_count: int
    start_seconds: int
    checks: tuple[Call, ...]
    calls: tuple[Call, ...]
    scaling: tuple[Call, ...]
    storage: str | None  # the S3 address below which files are put
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def fill(argument: Argument, texts: Mapping[str, str]) -> object:
    """Return what boto3 is given for `argument`; `texts` has a text for the key of every `Filled` in it."""
    if isinstance(argument, Filled):
        return texts[argument.key]
    if isinstance(argument, Blob):
        return argument.content
    if isinstance(argument, tuple):
        return [fill(member, texts) for member in argument]
    if isinstance(argument, Mapping):
        return {name: fill(member, texts) for name, member in argument.items()}
    return argument


def upload(path: Path, bucket: str, key: str, tagging: str) -> Call:
    """Return the call that stores one file."""
    arguments: dict[str, Argument] = {"Filename": str(path), "Bucket": bucket, "Key": key}
    return Call("s3", "upload_file", {**arguments, "ExtraArgs": {"Tagging": tagging}}, f"s3://{bucket}/{key}")
