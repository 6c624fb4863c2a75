"""`prepare` for Inferentia: what is compiled, when, and what an error leaves; the compiler is a stand-in."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from model_server.__main__ import main
from model_server.errors import ConfigurationError
from model_server.executors import neuron
from model_server.executors.neuron_artefacts import write_note
from model_server.executors.neuron_shape import NeuronShape
from model_server.prepare.command import prepare
from model_server.prepare.progress import Progress
from model_server.prepared import check_prepared
from model_server.settings import load_settings
from model_server.weights import Checkpoint
from tests.model_server.prepare.folders import settings_for


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[NeuronShape]:
    """A compiler that writes one graph; what it was asked for is listed."""
    shapes: list[NeuronShape] = []

    def compile_artefacts(checkpoint: Checkpoint, slots: int, length: int, cores: int, folder: Path) -> None:
        assert (checkpoint.directory / "config.json").is_file()
        shapes.append(NeuronShape(slots, length, cores))
        (folder / "graph.neff").write_bytes(b"compiled")
        write_note(folder, shapes[-1], "1.0")

    monkeypatch.setenv("NEURON_COMPILE_CACHE_URL", "s3://cache")
    monkeypatch.setattr(metadata, "version", lambda _: "1.0")
    monkeypatch.setattr(neuron, "compile_artefacts", compile_artefacts)
    return shapes


def test_what_is_compiled_lies_beside_the_weights_and_is_compiled_once(
    original: Path, directory: Path, progress: Progress, compilations: list[NeuronShape]
) -> None:
    settings = settings_for(str(original), directory, is_compiled=True)
    prepare(settings, progress)
    prepare(settings, progress)
    assert compilations == [NeuronShape(2, 300, 2)]
    assert (directory / "neuron" / "graph.neff").read_bytes() == b"compiled"
    check_prepared(directory)


def test_other_settings_are_compiled_anew_without_fetching(
    original: Path, directory: Path, progress: Progress, compilations: list[NeuronShape]
) -> None:
    prepare(settings_for(str(original), directory), progress)
    weights = (directory / "model-0.safetensors").stat().st_ino
    prepare(settings_for(str(original), directory, is_compiled=True), progress)
    (directory / "neuron" / "compiled_for.json").write_text("{}", encoding="utf-8")
    prepare(settings_for(str(original), directory, is_compiled=True), progress)
    assert len(compilations) == 2
    assert (directory / "model-0.safetensors").stat().st_ino == weights
    check_prepared(directory)


def test_a_compilation_that_fails_leaves_nothing_ready_and_the_files_for_the_next(
    original: Path,
    directory: Path,
    progress: Progress,
    monkeypatch: pytest.MonkeyPatch,
    compilations: list[NeuronShape],
) -> None:
    def fail(*_: object) -> None:
        raise ConfigurationError("no compiler")

    with monkeypatch.context() as patch, pytest.raises(ConfigurationError, match="no compiler"):
        patch.setattr(neuron, "compile_artefacts", fail)
        prepare(settings_for(str(original), directory, is_compiled=True), progress)
    with pytest.raises(ConfigurationError, match="is not prepared completely"):
        load_settings({"MODEL_DIR": str(directory)})
    arrived = next(directory.glob(".prepare/*/model-0.safetensors")).stat().st_ino
    prepare(settings_for(str(original), directory, is_compiled=True), progress)
    assert (directory / "model-0.safetensors").stat().st_ino == arrived


def test_compiling_without_the_library_is_one_line(
    original: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", "--source", str(original), "--model-dir", str(directory), "--compile"]) == 1
    assert "add --no-compile" in capsys.readouterr().err.splitlines()[-1]
    assert main(["prepare", "--source", str(original), "--model-dir", str(directory)]) == 0


def test_a_shape_that_the_device_cannot_hold_is_refused_before_the_weights(
    original: Path, directory: Path, progress: Progress, compilations: list[NeuronShape]
) -> None:
    settings = replace(settings_for(str(original), directory, is_compiled=True), neuron_cores=8)
    with pytest.raises(ConfigurationError, match="NEURON_CORES is 8"):
        prepare(settings, progress)
    assert list(directory.rglob("model-*.safetensors")) == []
