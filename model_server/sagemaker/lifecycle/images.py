"""Which image a container starts from: a name of `images.json` in a region's own registry, or a full address."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from model_server.errors import ConfigurationError

TABLE = Path(__file__).parent / "images.json"
REGISTRY = re.compile(r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/\S+")


def known_images() -> list[str]:
    return sorted(_table()["images"])


def check_region(region: str) -> None:
    """Raise ConfigurationError for a region that the table of registries does not have."""
    _account(region)


def image_uri(image: str, region: str) -> str:
    """Return the address of `image`, which is a name of the table or an address already, for endpoints in `region`."""
    if image in _table()["images"]:
        suffix = ".cn" if region.startswith("cn-") else ""
        return f"{_account(region)}.dkr.ecr.{region}.amazonaws.com{suffix}/{_table()['images'][image]}"
    match = REGISTRY.fullmatch(image)
    if match is None:
        raise ConfigurationError(
            f"The image {image!r} is neither an address in ECR (account.dkr.ecr.region.amazonaws.com/name:tag) "
            f"nor one of: {', '.join(known_images())}. SageMaker starts images from ECR alone."
        )
    if match["region"] != region:
        raise ConfigurationError(
            f"The image is in {match['region']}, but the endpoint is to be in {region}. "
            "SageMaker starts images of its own region alone: copy the image there, or set --region."
        )
    return image


def _account(region: str) -> str:
    table = _table()
    if region in table["regions"]:
        return str(table["account"])
    if region in table["accounts"]:
        return str(table["accounts"][region])
    known = ", ".join(sorted([*table["regions"], *table["accounts"]]))
    raise ConfigurationError(f"AWS keeps no images of model servers in {region!r}. Set --region to one of: {known}.")


def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table
