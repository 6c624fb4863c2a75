"""The one factory of sources: what a person wrote after --source, and only the library that it needs."""

from __future__ import annotations

from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.prepare.sources.base import Source


def open_source(text: str) -> Source:
    """Return the source that `text` names: s3://bucket/prefix, a path with a slash in front, or owner/name@revision."""
    if text.startswith("s3://"):
        from model_server.prepare.sources.s3 import S3Source  # boto3 takes half a second to import

        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/")
        return S3Source(bucket, prefix + "/" if prefix else "")
    if text.startswith(("/", ".", "~")):
        from model_server.prepare.sources.folder import FolderSource

        return FolderSource(Path(text).expanduser().resolve())
    repository, _, revision = text.partition("@")
    if repository.count("/") != 1:
        raise ConfigurationError(
            f"--source is {text!r}, but must be owner/name@revision on the hub, s3://bucket/prefix, or a folder's path."
        )
    from model_server.prepare.sources.hub import HubSource  # huggingface_hub takes half a second to import

    return HubSource(repository, revision)
