"""Open a checkpoint directory and check that it can be served, before a byte of its weights is read.

Reads config.json, generation_config.json and the headers of the safetensors files with the standard library alone, so
that a wrong checkpoint fails in milliseconds and with a sentence. Does not load tensors: the executors do.
The file format is described at https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_server.errors import ConfigurationError
from model_server.model_configuration import ModelConfiguration, parse_model_configuration
from model_server.prepared import check_prepared

HEADER_LENGTH_BYTES = 8
MAXIMUM_HEADER_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of a checkpoint without loading it."""

    directory: Path
    configuration: ModelConfiguration
    files: Mapping[str, Path]  # tensor name → the safetensors file that holds it
    shapes: Mapping[str, tuple[int, ...]]
    end_token_ids: frozenset[int]

    @property
    def parameter_count(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes.values())


def open_checkpoint(directory: Path) -> Checkpoint:
    """Return the checkpoint in `directory`; raise ConfigurationError where it is incomplete or not supported."""
    check_prepared(directory)
    raw = read_json(directory / "config.json")
    configuration = parse_model_configuration(raw)
    files, shapes = _read_headers(_weight_files(directory))
    _check_tensors(configuration, shapes)
    return Checkpoint(directory, configuration, files, shapes, _end_token_ids(directory, raw))


def describe_checkpoint(configuration: ModelConfiguration) -> Checkpoint:
    """Return what a whole checkpoint of this configuration holds, while none of its weights is there."""
    return Checkpoint(Path(), configuration, {}, configuration.tensor_shapes(), frozenset())


def resolve_maximum_length(checkpoint: Checkpoint, requested: int | None) -> int:
    """Return the window to serve, in tokens; refuse one that the checkpoint was not made for."""
    configuration = checkpoint.configuration
    length = requested or configuration.maximum_length
    if length > configuration.maximum_length:
        raise ConfigurationError(
            f"MAX_MODEL_LENGTH is {length}, but this checkpoint was made for at most {configuration.maximum_length} "
            "tokens. Set a smaller value, or leave it unset."
        )
    if configuration.sliding_window is not None and configuration.sliding_window < length:
        raise ConfigurationError(
            f"This checkpoint uses a sliding window of {configuration.sliding_window} tokens, which is not supported. "
            f"Set MAX_MODEL_LENGTH to at most {configuration.sliding_window}."
        )
    return length


def _weight_files(directory: Path) -> list[Path]:
    index = directory / "model.safetensors.index.json"
    weight_map = read_json(index).get("weight_map", {}) if index.is_file() else {"": "model.safetensors"}
    names = sorted(set(weight_map.values()))
    missing = [name for name in names if Path(name).name != name or not (directory / name).is_file()]
    if missing or not names:
        raise ConfigurationError(
            f"The checkpoint in {str(directory)!r} lacks its weights ({', '.join(missing[:3]) or 'empty index'}). "
            "It must hold model.safetensors, or every file that model.safetensors.index.json names."
        )
    return [directory / name for name in names]


def _read_headers(paths: list[Path]) -> tuple[dict[str, Path], dict[str, tuple[int, ...]]]:
    files: dict[str, Path] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for path in paths:
        for name, entry in _read_header(path).items():
            if name != "__metadata__":
                files[name] = path
                shapes[name] = tuple(entry["shape"])
    return files, shapes


def _read_header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(HEADER_LENGTH_BYTES), "little")
        text = file.read(length) if length <= MAXIMUM_HEADER_BYTES else b""
    try:
        header = json.loads(text)
        content_bytes = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ConfigurationError(f"{str(path)!r} is not a safetensors file, or is damaged: fetch it again.") from error
    if path.stat().st_size != HEADER_LENGTH_BYTES + length + content_bytes:
        raise ConfigurationError(f"{str(path)!r} is incomplete: fetch it again.")
    return dict(header)


def _check_tensors(configuration: ModelConfiguration, shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, expected in configuration.tensor_shapes().items():
        if name not in shapes:
            raise ConfigurationError(f"The checkpoint has no tensor {name!r}, which its config.json asks for.")
        if shapes[name] != expected:
            raise ConfigurationError(
                f"The tensor {name!r} has the shape {list(shapes[name])}, but config.json asks for {list(expected)}."
            )


def _end_token_ids(directory: Path, raw: Mapping[str, Any]) -> frozenset[int]:
    generation = directory / "generation_config.json"
    value = read_json(generation).get("eos_token_id") if generation.is_file() else None
    if value is None:
        value = raw.get("eos_token_id")
    return frozenset(value if isinstance(value, list) else [] if value is None else [value])


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; raise ConfigurationError where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read as JSON: fetch the checkpoint again.") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{str(path)!r} is not a JSON object: fetch the checkpoint again.")
    return content
