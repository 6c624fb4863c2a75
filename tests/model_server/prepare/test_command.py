"""`prepare` as a whole, from a folder: what is ready, what is refused, what an interruption leaves."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_server.__main__ import main
from model_server.errors import ConfigurationError
from model_server.prepare.command import prepare
from model_server.prepare.progress import Progress
from model_server.prepared import check_prepared, read_marker
from model_server.settings import load_settings
from model_server.weights import open_checkpoint
from tests.model_server.checkpoints import write_checkpoint
from tests.model_server.prepare.folders import assert_is_copy, settings_for, visible_files


def refuse(source: Path | str, directory: Path, progress: Progress) -> str:
    with pytest.raises(ConfigurationError) as caught:
        prepare(settings_for(str(source), directory), progress)
    return caught.value.user_message


def test_a_folder_is_copied_and_can_be_served(original: Path, directory: Path, progress: Progress) -> None:
    prepare(settings_for(str(original), directory), progress)
    assert_is_copy(directory, original)
    assert load_settings({"MODEL_DIR": str(directory)}).model_dir == directory
    assert open_checkpoint(directory).directory == directory


def test_it_can_be_prepared_again_and_again(original: Path, directory: Path, progress: Progress) -> None:
    for _ in range(3):
        prepare(settings_for(str(original), directory), progress)
        assert_is_copy(directory, original)


def test_another_revision_replaces_all_of_the_one_before(original: Path, directory: Path, progress: Progress) -> None:
    (original / "generation_config.json").write_text('{"eos_token_id": 7}', encoding="utf-8")
    prepare(settings_for(str(original), directory), progress)
    shutil.rmtree(original)
    write_checkpoint(original, shards=2, rope_theta=5000.0)
    prepare(settings_for(str(original), directory), progress)
    assert_is_copy(directory, original)


def test_a_ready_folder_stays_ready_while_another_revision_fails(
    original: Path, directory: Path, progress: Progress
) -> None:
    prepare(settings_for(str(original), directory), progress)
    (original / "model-1.safetensors").write_bytes(b"not a checkpoint")
    assert "is not a safetensors file" in refuse(original, directory, progress)
    check_prepared(directory)
    assert open_checkpoint(directory).end_token_ids == {2}


def test_a_lost_file_is_fetched_again_and_only_that(original: Path, directory: Path, progress: Progress) -> None:
    prepare(settings_for(str(original), directory), progress)
    untouched = (directory / "model-0.safetensors").stat().st_ino
    (directory / "model-1.safetensors").write_bytes(b"cut")
    with pytest.raises(ConfigurationError, match=r"'model-1\.safetensors' .* is missing or has changed"):
        open_checkpoint(directory)
    prepare(settings_for(str(original), directory), progress)
    assert_is_copy(directory, original)
    assert (directory / "model-0.safetensors").stat().st_ino == untouched


@pytest.mark.parametrize("step", range(9))
def test_an_end_at_any_step_of_publishing_is_not_ready_and_is_mended(
    original: Path, directory: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The renames and deletions are counted, and the program ends before one of them, over an older revision."""
    prepare(settings_for(str(original), directory), progress)
    (original / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    steps = 0

    def counted(operation: str) -> None:
        real = getattr(Path, operation)

        def call(path: Path, *arguments: object, **options: object) -> object:
            nonlocal steps
            if path.parent == directory or (arguments and Path(str(arguments[0])).parent == directory):
                steps += 1
                if steps > step:
                    raise KeyboardInterrupt
            return real(path, *arguments, **options)

        monkeypatch.setattr(Path, operation, call)

    for operation in ("replace", "unlink"):
        counted(operation)
    with pytest.raises(KeyboardInterrupt):
        prepare(settings_for(str(original), directory), progress)
    monkeypatch.undo()
    is_old = _is_old(directory)
    if not is_old:
        with pytest.raises(ConfigurationError, match="Run `python -m model_server prepare` again"):
            load_settings({"MODEL_DIR": str(directory)})
            open_checkpoint(directory)
    assert is_old == (step == 0)
    prepare(settings_for(str(original), directory), progress)
    assert_is_copy(directory, original)


def _is_old(directory: Path) -> bool:
    marker = read_marker(directory)
    return marker is not None and not marker.damaged(directory)


def test_two_at_once_are_refused(original: Path, directory: Path, progress: Progress) -> None:
    prepare(settings_for(str(original), directory), progress)
    with (directory / ".prepare.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another `prepare` is working" in refuse(original, directory, progress)


def test_a_folder_of_a_persons_own_is_never_touched(original: Path, tmp_path: Path, progress: Progress) -> None:
    own = write_checkpoint(tmp_path / "own")
    before = visible_files(own)
    assert "which `prepare` did not put there. Use an empty folder." in refuse(original, own, progress)
    assert visible_files(own) == before
    assert open_checkpoint(own).directory == own


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ("config.json", "has no config.json"),
        ("tokenizer.json", "has no tokenizer.json"),
        ("model-1.safetensors", "lacks 'model-1.safetensors', which its model.safetensors.index.json names"),
        ("model.safetensors.index.json", "has neither model.safetensors nor"),
    ],
)
def test_what_the_source_lacks_is_one_sentence(
    original: Path, directory: Path, progress: Progress, lost: str, expected: str
) -> None:
    (original / lost).unlink()
    assert expected in refuse(original, directory, progress)
    assert read_marker(directory) is None


def test_what_could_not_be_served_is_refused_before_its_weights(
    original: Path, directory: Path, progress: Progress
) -> None:
    config = original / "config.json"
    raw = {**json.loads(config.read_text(encoding="utf-8")), "model_type": "mamba"}
    config.write_text(json.dumps(raw), encoding="utf-8")
    assert "is of the type 'mamba'" in refuse(original, directory, progress)
    assert list(directory.rglob("*.safetensors*")) == list(directory.rglob("*.index.json"))


@pytest.mark.parametrize(
    ("source", "expected"), [("/nowhere/at/all", "there is no such folder"), ("mistral", "must be owner/name@revision")]
)
def test_a_source_that_is_none_is_one_sentence(directory: Path, progress: Progress, source: str, expected: str) -> None:
    assert expected in refuse(source, directory, progress)


def test_options_come_before_variables(
    original: Path, directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXECUTOR", "neuron")
    monkeypatch.setenv("MODEL_SOURCE", "/nowhere")
    monkeypatch.setenv("MODEL_DIR", str(directory))
    assert main(["prepare", "--source", str(original), "--no-compile"]) == 0
    assert_is_copy(directory, original)
    assert main(["prepare", "--slots", "many"]) == 1
    assert "SLOTS is 'many'" in capsys.readouterr().err


def test_a_missing_folder_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("model_server: MODEL_DIR is not set.")


def test_neither_libraries_of_sources_nor_torch_are_imported_before_they_are_needed() -> None:
    code = (
        "import sys, model_server.__main__, model_server.prepare.command; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'boto3', 'huggingface_hub')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
