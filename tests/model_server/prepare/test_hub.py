"""`prepare` from the hub: a real huggingface_hub against a stand-in, which counts what it sends."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from model_server.errors import ConfigurationError
from model_server.prepare.command import prepare
from model_server.prepare.progress import Progress
from model_server.prepared import read_marker
from tests.model_server.prepare.folders import assert_is_copy, settings_for, visible_files
from tests.model_server.prepare.hub_stand_in import COMMIT, REPOSITORY, Hub, running_hub
from tests.model_server.servers import running_server

SOURCE = f"{REPOSITORY}@{COMMIT}"
CHUNK_BYTES = huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE  # what arrived is written in pieces of this size


@pytest.fixture
def hub(large_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with running_hub(large_checkpoint) as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


def run(directory: Path, progress: Progress, source: str = SOURCE) -> None:
    prepare(settings_for(source, directory), progress, wait=lambda _: None)


def fail(source: str, directory: Path, progress: Progress) -> str:
    """Run `prepare` and return the sentence with which it ends; nothing may be marked as ready."""
    with pytest.raises(ConfigurationError) as caught:
        run(directory, progress, source)
    assert read_marker(directory) is None
    assert "\n" not in caught.value.user_message
    return caught.value.user_message


def test_what_serving_needs_arrives_and_nothing_else(
    hub: Hub, large_checkpoint: Path, tmp_path: Path, progress: Progress
) -> None:
    run(tmp_path / "model", progress)
    assert_is_copy(tmp_path / "model", large_checkpoint)
    marker = read_marker(tmp_path / "model")
    assert marker is not None
    assert (marker.source, marker.revision) == (REPOSITORY, COMMIT)


def test_a_killed_download_goes_on_where_it_was(hub: Hub, large_checkpoint: Path, tmp_path: Path) -> None:
    """Killed with -9 in the middle of the large file; the second run asks for the rest of it and for nothing else."""
    directory, size = tmp_path / "model", (large_checkpoint / "model-0.safetensors").stat().st_size
    assert size > 2 * CHUNK_BYTES
    environment = {"HF_ENDPOINT": hub.url, "MODEL_DIR": str(directory), "HF_HOME": str(tmp_path / "home")}
    hub.stall_at = CHUNK_BYTES + CHUNK_BYTES // 2
    with running_server("prepare", "--source", SOURCE, environment=environment) as process:
        _wait_until(lambda: _partial_bytes(directory) == CHUNK_BYTES, process)
        process.kill()
        process.wait(timeout=10)
    assert serve(environment)[0] == 1
    assert "is not prepared completely" in serve(environment)[1]
    hub.released.set()
    _wait_until(lambda: len(hub.weights_sent()) > 0)
    hub.stall_at, first = None, list(hub.sent)
    with running_server("prepare", "--source", SOURCE, environment=environment) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    again = [(sent.name, sent.start, sent.count_bytes) for sent in hub.sent[len(first) :]]
    other = (large_checkpoint / "model-1.safetensors").stat().st_size
    assert again == [
        ("model-0.safetensors", CHUNK_BYTES, size - CHUNK_BYTES),
        ("model-1.safetensors", 0, other),
    ]
    assert_is_copy(directory, large_checkpoint)
    assert serve({**environment, "SLOTS": "0"})[1].startswith("model_server: SLOTS")


def test_a_cut_connection_is_continued_within_the_run(
    hub: Hub, large_checkpoint: Path, tmp_path: Path, progress: Progress
) -> None:
    hub.cut_at = CHUNK_BYTES + 1000
    run(tmp_path, progress)
    large = [sent.start for sent in hub.sent if sent.name == "model-0.safetensors"]
    assert len(large) == 2
    assert large[0] == 0
    assert large[1] >= CHUNK_BYTES
    assert_is_copy(tmp_path, large_checkpoint)


def test_a_server_that_ignores_ranges_sends_the_file_anew(
    hub: Hub, large_checkpoint: Path, tmp_path: Path, progress: Progress
) -> None:
    hub.cut_at, hub.ignores_ranges = CHUNK_BYTES + 1000, True
    run(tmp_path, progress)
    assert_is_copy(tmp_path, large_checkpoint)


def test_a_ready_volume_asks_nobody(hub: Hub, tmp_path: Path, progress: Progress) -> None:
    run(tmp_path, progress)
    count = len(hub.sent)
    hub.listing_refusal = hub.refusal = (500, "Down")
    run(tmp_path, progress)
    assert len(hub.sent) == count


def test_the_token_is_sent_to_the_hub_and_not_to_the_host_of_the_content(
    hub: Hub, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    run(tmp_path, progress)
    seen = {sent.name: sent.authorization for sent in hub.sent}
    assert seen["config.json"] == "Bearer hf_secret"
    assert seen["model-0.safetensors"] is None
    assert "hf_secret" not in (tmp_path / ".prepared.json").read_text(encoding="utf-8")


def test_a_damaged_file_is_thrown_away_and_fetched_anew(
    hub: Hub, large_checkpoint: Path, tmp_path: Path, progress: Progress
) -> None:
    hub.damages = True
    assert "did not arrive as owner/model describes it" in fail(SOURCE, tmp_path, progress)
    hub.damages = False
    run(tmp_path, progress)
    assert_is_copy(tmp_path, large_checkpoint)


@pytest.mark.parametrize(("status", "token"), [(401, None), (403, "hf_without_access")])
def test_a_gated_model_is_one_sentence(
    hub: Hub, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch, status: int, token: str | None
) -> None:
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)
    hub.refusal = (status, "GatedRepo")
    sentence = fail(SOURCE, tmp_path, progress)
    assert "owner/model is gated" in sentence
    assert ("no token is set" in sentence) == (token is None)
    assert visible_files(tmp_path) == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{REPOSITORY}@{'f' * 40}", "has no revision 'ffff"),
        (f"{REPOSITORY}@v9", "has no revision 'v9'"),
        (f"{REPOSITORY}@main", f"--source {REPOSITORY}@{COMMIT}"),
        (REPOSITORY, f"--source {REPOSITORY}@{COMMIT}"),
        (f"owner/nothing@{COMMIT}", "There is no model 'owner/nothing' on the hub"),
    ],
)
def test_a_wrong_name_or_revision_is_one_sentence(
    hub: Hub, tmp_path: Path, progress: Progress, source: str, expected: str
) -> None:
    assert expected in fail(source, tmp_path, progress)
    assert not (tmp_path / ".prepare").exists()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(429, "status 429"), (503, "status 503"), (403, "refuses HF_TOKEN")],
)
def test_a_hub_that_does_not_answer_is_one_sentence(
    hub: Hub, tmp_path: Path, progress: Progress, status: int, expected: str
) -> None:
    hub.listing_refusal = (status, "Other")
    assert expected in fail(SOURCE, tmp_path, progress)


def test_no_hub_at_all_is_one_sentence(
    hub: Hub, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "the connection to the hub failed" in fail(SOURCE, tmp_path, progress)


def serve(environment: dict[str, str]) -> tuple[int, str]:
    with running_server("serve", "--port", "0", environment=environment) as process:
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def _partial_bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.glob(".prepare/*/model-0.safetensors.*.partial"))


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process is None or process.poll() is None, "it ended early"
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
