"""The container of a deployment: its image, environment and data, and the files that S3 must hold for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_server.sagemaker.lifecycle.artifacts import ARCHIVE, PROPERTIES, files_of, pack_archive, render_properties
from model_server.sagemaker.lifecycle.calls import Argument, Blob, Call, Filled, upload
from model_server.sagemaker.lifecycle.images import image_uri
from model_server.sagemaker.lifecycle.jumpstart import JumpStartModel
from model_server.sagemaker.lifecycle.options import DeployOptions, S3Place
from model_server.sagemaker.lifecycle.presets import Weights

TOKEN = "hub-token"  # noqa: S105  the key of a text that is filled in
IMAGE_MISSING = "--image: the address in ECR of the image that `--target neuron` built (model_server/README.md)."
STORAGE_MISSING = "--s3: the address below which files may be put, such as s3://bucket/prefix."
WEIGHTS_MISSING = "--snapshot: the folder of the model, which goes to S3, or --model-data: its address there."
FROM_JUMPSTART = Filled("jumpstart", "from JumpStart's manifest, which could not be read now")


@dataclass(frozen=True, slots=True)
class Container:
    """What create_model is told of it, the calls that come before, and what is missing."""

    definition: Mapping[str, Argument]
    uploads: tuple[Call, ...] = ()
    storage: str | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gaps:
    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        self.sentences.append(sentence)


def build_container(options: DeployOptions, jumpstart: JumpStartModel | None, tagging: str) -> Container:
    """Return the container that `options` ask for; `tagging` is put on each file in S3."""
    gaps = _Gaps()
    environment: dict[str, Argument] = {**options.preset.environment}
    data: dict[str, Argument] = {}
    uploads: tuple[Call, ...] = ()
    storage: S3Place | None = None
    notes: tuple[str, ...] = ()
    if options.preset.weights is Weights.JUMPSTART:
        data, notes = _from_jumpstart(environment, jumpstart)
    elif options.preset.weights is not Weights.HUB:
        storage = _storage(options, gaps)
        place, uploads = _weights(options, storage, tagging, gaps)
        if options.preset.weights is Weights.FOLDER:
            data = {"ModelDataSource": _folder(place.url)}
        else:
            archive = _archive(options, place.url, storage, tagging)
            data = {"ModelDataUrl": archive.makes}
            uploads = (*uploads, archive)
    _add_token(environment, options, gaps)
    environment.update(options.environment)
    definition = {"Image": _image(options, jumpstart, gaps), **data, "Environment": environment}
    return Container(
        definition, uploads, storage.url if storage and uploads else None, tuple(dict.fromkeys(gaps.sentences)), notes
    )


def _image(options: DeployOptions, jumpstart: JumpStartModel | None, gaps: _Gaps) -> Argument:
    if options.preset.weights is Weights.JUMPSTART:
        return jumpstart.image if jumpstart else FROM_JUMPSTART
    image = options.image or options.preset.image
    if image is None:
        gaps.add(IMAGE_MISSING)
        return Filled("image", "--image")
    return image_uri(image, options.region)


def _add_token(environment: dict[str, Argument], options: DeployOptions, gaps: _Gaps) -> None:
    variable = options.preset.token_variable
    if options.token_from and variable:
        environment[variable] = Filled(TOKEN, f"the value of {options.token_from}, never shown")
    elif variable and "HF_MODEL_ID" not in options.environment:
        gaps.add(
            f"--hub-token-from: {environment['HF_MODEL_ID']} is gated. Name the variable that holds your token of the "
            "hub, or another model with --env HF_MODEL_ID=owner/name."
        )
        environment[variable] = Filled(TOKEN, "--hub-token-from")


def _from_jumpstart(
    environment: dict[str, Argument], jumpstart: JumpStartModel | None
) -> tuple[dict[str, Argument], tuple[str, ...]]:
    if jumpstart is None:
        environment["…"] = FROM_JUMPSTART
        return {"ModelDataSource": _folder(FROM_JUMPSTART)}, ()
    environment.update(jumpstart.environment)
    note = (f"Version {jumpstart.version} of JumpStart's model.",)
    if jumpstart.is_folder:
        return {"ModelDataSource": _folder(jumpstart.data_url)}, note
    return {"ModelDataUrl": jumpstart.data_url}, note


def _storage(options: DeployOptions, gaps: _Gaps) -> S3Place:
    is_needed = options.preset.weights is Weights.PROPERTIES or options.snapshot is not None
    if options.storage is None and is_needed:
        gaps.add(STORAGE_MISSING)
    place = options.storage or S3Place("<bucket>", "<prefix>/")
    return S3Place(place.bucket, f"{place.prefix}{options.name}/")


def _weights(options: DeployOptions, storage: S3Place, tagging: str, gaps: _Gaps) -> tuple[S3Place, tuple[Call, ...]]:
    if options.model_data is not None:
        return options.model_data, ()
    place = S3Place(storage.bucket, f"{storage.prefix}model/")
    if options.snapshot is None:
        gaps.add(WEIGHTS_MISSING)
        return place, ()
    snapshot = options.snapshot
    return place, tuple(
        upload(snapshot / name, place.bucket, place.prefix + name, tagging) for name in files_of(snapshot)
    )


def _archive(options: DeployOptions, model_url: str, storage: S3Place, tagging: str) -> Call:
    properties = {**options.preset.properties, "option.model_id": model_url}
    for variable in options.environment:  # the file would win over the variable
        properties.pop(f"option.{variable.removeprefix('OPTION_').lower()}", None)
    content = render_properties(properties)
    key = f"{storage.prefix}code/{ARCHIVE}"
    arguments: dict[str, Argument] = {"Bucket": storage.bucket, "Key": key}
    body = Blob(pack_archive(content), f"{ARCHIVE} with one file, {PROPERTIES}:\n{content}".rstrip())
    return Call("s3", "put_object", {**arguments, "Body": body, "Tagging": tagging}, f"s3://{storage.bucket}/{key}")


def _folder(url: Argument) -> Mapping[str, Argument]:
    return {"S3DataSource": {"S3Uri": url, "S3DataType": "S3Prefix", "CompressionType": "None"}}
