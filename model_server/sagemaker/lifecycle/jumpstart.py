"""JumpStart's description of a model, read from AWS's public bucket: nothing of it is known beforehand.

The manifest names each version's specification; the specification has image, environment and place of the files, with
exceptions by kind of instance. Knows no boto3: whoever calls hands in how an object is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.images import image_uri, known_images
from model_server.sagemaker.lifecycle.presets import JUMPSTART_MISTRAL

MANIFEST = "models_manifest.json"
FRAMEWORKS = {"huggingface-llm": "tgi", "djl-lmi": "lmi"}  # as the specification calls what our table has
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)

ReadObject = Callable[[str, str], bytes]  # bucket, key


@dataclass(frozen=True, slots=True)
class JumpStartModel:
    """What a specification says for one region and one kind of instance."""

    version: str
    image: str
    instance_type: str
    environment: Mapping[str, str]
    data_url: str

    @property
    def is_folder(self) -> bool:
        return self.data_url.endswith("/")


def bucket_of(region: str) -> str:
    return f"jumpstart-cache-prod-{region}"


def read_model(
    region: str, instance_type: str | None, version: str | None, image: str | None, read_object: ReadObject
) -> JumpStartModel:
    """Return the newest version, or `version`, with its own image, or `image`.

    Raises ConfigurationError where there is none for this region.
    """
    bucket = bucket_of(region)
    try:
        entry = _choose(json.loads(read_object(bucket, MANIFEST)), region, version)
        specification = json.loads(read_object(bucket, entry["spec_key"]))
        return _read_specification(specification, str(entry["version"]), region, instance_type, image)
    except UNREADABLE as error:
        raise ConfigurationError(
            "JumpStart's description of this model has a form that is not known here. "
            "Try another --model-version, or the preset mistral-7b-instruct-tgi."
        ) from error


def _choose(manifest: list[dict[str, Any]], region: str, version: str | None) -> dict[str, Any]:
    entries = {str(entry["version"]): entry for entry in manifest if entry["model_id"] == JUMPSTART_MISTRAL}
    if not entries:
        raise ConfigurationError(f"JumpStart does not offer {JUMPSTART_MISTRAL} in {region}. Set another --region.")
    ordered = sorted(entries, key=_version_number)
    if version is not None and version not in entries:
        raise ConfigurationError(f"JumpStart has no version {version!r} of this model, but: {', '.join(ordered)}.")
    return entries[version or ordered[-1]]


def _read_specification(
    specification: dict[str, Any], version: str, region: str, instance_type: str | None, image: str | None
) -> JumpStartModel:
    if specification.get("gated_bucket"):
        raise ConfigurationError(
            f"Version {version} of JumpStart's model wants terms to be accepted, which cannot be done here. "
            "Deploy it from SageMaker Studio, or set another --model-version."
        )
    instance = instance_type or str(specification["default_inference_instance_type"])
    _check_instance(specification, instance)
    variants = _variants(specification, instance)
    environment = {
        str(variable["name"]): str(variable["default"]) for variable in specification["inference_environment_variables"]
    }
    for variant in variants:
        environment.update({name: str(value) for name, value in _properties(variant, "environment_variables").items()})
    key = next((found for found in _keys(specification, variants) if found), None)
    if key is None:
        raise KeyError("hosting_artifact_key")
    uri = image_uri(image, region) if image else _image(specification, variants, region)
    return JumpStartModel(version, uri, instance, environment, f"s3://{bucket_of(region)}/{key}")


def _check_instance(specification: dict[str, Any], instance_type: str) -> None:
    supported = specification.get("supported_inference_instance_types")
    if supported and instance_type not in supported:
        raise ConfigurationError(
            f"JumpStart does not offer this model on {instance_type}, but on: {', '.join(supported)}. "
            "Set --instance-type to one of these."
        )


def _variants(specification: dict[str, Any], instance_type: str) -> list[dict[str, Any]]:
    """Return the exceptions for the instance's family and then for the instance itself, which goes before it."""
    variants = (specification.get("hosting_instance_type_variants") or {}).get("variants") or {}
    family = instance_type.removeprefix("ml.").split(".")[0]
    return [variants[name] for name in (family, instance_type) if name in variants]


def _properties(variant: dict[str, Any], name: str) -> dict[str, Any]:
    return dict((variant.get("properties") or {}).get(name) or {})


def _keys(specification: dict[str, Any], variants: list[dict[str, Any]]) -> list[str | None]:
    special = [variant.get("properties") or {} for variant in reversed(variants)]
    return [
        *(properties.get(name) for properties in special for name in ("prepacked_artifact_key", "artifact_key")),
        specification.get("hosting_prepacked_artifact_key"),
        specification.get("hosting_artifact_key"),
    ]


def _image(specification: dict[str, Any], variants: list[dict[str, Any]], region: str) -> str:
    aliases = (specification.get("hosting_instance_type_variants") or {}).get("regional_aliases") or {}
    for variant in reversed(variants):
        uri = (variant.get("regional_properties") or {}).get("image_uri")
        if uri:
            return str(aliases[region][uri[1:]] if uri.startswith("$") else uri)
    framework = specification["hosting_ecr_specs"]
    name = f"{FRAMEWORKS.get(framework['framework'], framework['framework'])}-{framework['framework_version']}"
    if name not in known_images():
        raise ConfigurationError(f"JumpStart's model wants the image {name}, which is not known here. Give --image.")
    return image_uri(name, region)


def _version_number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
