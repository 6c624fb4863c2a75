"""What the tests of `prepare` ask of folders."""

from __future__ import annotations

from pathlib import Path

from model_server.prepared import read_marker
from model_server.settings import PrepareSettings

SERVED = {
    "config.json",
    "model-0.safetensors",
    "model-1.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def settings_for(source: str, directory: Path, *, is_compiled: bool = False) -> PrepareSettings:
    return PrepareSettings(source, directory, is_compiled, slots=2, max_model_length=None, neuron_cores=2)


def visible_files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if not path.name.startswith(".")}


def assert_is_copy(directory: Path, original: Path) -> None:
    """Assert that `directory` is ready and holds what is served, byte for byte, and nothing else."""
    marker = read_marker(directory)
    assert marker is not None
    assert {file.name for file in marker.files} == visible_files(directory) == SERVED
    for name in SERVED:
        assert (directory / name).read_bytes() == (original / name).read_bytes()
    assert not (directory / ".prepare").exists()
