"""The folder with compiled graphs, beside the weights, and the note in it that says what they were compiled for.

The library finds its graphs by a hash and can only say that one is missing; the note says which setting differs. It is
written last, so that a folder without it is known to be unfinished.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.executors.neuron_shape import NeuronShape

NOTE = "compiled_for.json"
REMEDY = "Run `python -m model_server prepare` with the settings of this server to compile it anew."


def artefacts_directory(checkpoint_directory: Path) -> Path:
    """Return where the compiled graphs of a checkpoint belong; the folder may not exist."""
    return checkpoint_directory / "neuron"


def write_note(directory: Path, shape: NeuronShape, library_version: str) -> None:
    """Say that all that was compiled for `shape` is in `directory`."""
    (directory / NOTE).write_text(json.dumps(_describe(shape, library_version), indent=2) + "\n", encoding="utf-8")


def remove_note(directory: Path) -> None:
    """Say that what is in `directory` is not to be used."""
    (directory / NOTE).unlink(missing_ok=True)


def check_note(directory: Path, shape: NeuronShape, library_version: str) -> None:
    """Raise ConfigurationError unless `directory` was compiled for exactly this."""
    try:
        found = json.loads((directory / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The compiled model in {str(directory)!r} is not complete. {REMEDY}") from error
    wanted = _describe(shape, library_version)
    if found != wanted:
        raise ConfigurationError(
            f"The compiled model in {str(directory)!r} is for {_differences(found, wanted)}, "
            f"but this server asks for {_differences(wanted, found)}. {REMEDY}"
        )


def _describe(shape: NeuronShape, library_version: str) -> dict[str, object]:
    return {
        "SLOTS": shape.slots,
        "MAX_MODEL_LENGTH": shape.maximum_length,
        "NEURON_CORES": shape.cores,
        "prompt buckets": shape.prompt_buckets,
        "decode buckets": shape.decode_buckets,
        "transformers-neuronx": library_version,
    }


def _differences(these: object, those: object) -> str:
    if not isinstance(these, Mapping) or not isinstance(those, Mapping):
        return "something else"
    return ", ".join(f"{name}={value}" for name, value in these.items() if those.get(name) != value) or "nothing else"
