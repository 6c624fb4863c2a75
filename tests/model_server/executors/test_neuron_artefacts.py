from __future__ import annotations

from pathlib import Path

import pytest

from model_server.errors import ConfigurationError
from model_server.executors.neuron_artefacts import NOTE, artefacts_directory, check_note, remove_note, write_note
from model_server.executors.neuron_shape import NeuronShape

SHAPE = NeuronShape(4, 4096, 2)


def test_they_stand_beside_the_weights() -> None:
    assert artefacts_directory(Path("model")) == Path("model/neuron")


def test_what_was_compiled_for_the_same_is_accepted(tmp_path: Path) -> None:
    write_note(tmp_path, SHAPE, "0.13")
    check_note(tmp_path, NeuronShape(4, 4096, 2), "0.13")


@pytest.mark.parametrize(
    ("shape", "version", "found", "wanted"),
    [
        (NeuronShape(8, 4096, 2), "0.13", "is for SLOTS=4,", "asks for SLOTS=8."),
        (NeuronShape(4, 4096, 8), "0.13", "is for NEURON_CORES=2,", "asks for NEURON_CORES=8."),
        (SHAPE, "0.14", "is for transformers-neuronx=0.13,", "asks for transformers-neuronx=0.14."),
        (NeuronShape(4, 512, 2), "0.13", "is for MAX_MODEL_LENGTH=4096, prompt", "asks for MAX_MODEL_LENGTH=512, "),
    ],
)
def test_what_was_compiled_for_something_else_is_refused_with_both_and_the_remedy(
    shape: NeuronShape, version: str, found: str, wanted: str, tmp_path: Path
) -> None:
    write_note(tmp_path, SHAPE, "0.13")
    with pytest.raises(ConfigurationError) as caught:
        check_note(tmp_path, shape, version)
    for part in (found, wanted, str(tmp_path), "python -m model_server prepare"):
        assert part in caught.value.user_message


@pytest.mark.parametrize("note", [None, "", "[]", "{}", "\x00"])
def test_a_folder_that_is_not_finished_is_refused(note: str | None, tmp_path: Path) -> None:
    if note is not None:
        (tmp_path / NOTE).write_text(note, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="model_server prepare"):
        check_note(tmp_path, SHAPE, "0.13")


def test_a_note_can_be_taken_back_even_where_there_is_none(tmp_path: Path) -> None:
    remove_note(tmp_path / "nowhere")
    write_note(tmp_path, SHAPE, "0.13")
    remove_note(tmp_path)
    assert list(tmp_path.iterdir()) == []
