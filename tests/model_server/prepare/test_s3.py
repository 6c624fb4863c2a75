"""`prepare` from S3: a real boto3 against moto's server, behind a relay that notes ranges and cuts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from model_server.errors import ConfigurationError
from model_server.prepare.command import prepare
from model_server.prepare.progress import Progress
from model_server.prepare.sources.base import SourceInterrupted
from model_server.prepare.sources.load import open_source
from model_server.prepared import check_prepared, read_marker
from tests.model_server.prepare.folders import assert_is_copy, settings_for
from tests.model_server.prepare.relay import Relay, running_relay

SOURCE = "s3://models/mistral"
CUT_BYTES = 5_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def relay(
    server: tuple[str, int], large_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Relay]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "invented")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with running_relay(server) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", relay.url)
        _upload(client(), large_checkpoint)
        relay.ranges.clear()
        yield relay


def client() -> Any:
    return boto3.client("s3")


def _upload(s3: Any, directory: Path) -> None:
    s3.create_bucket(Bucket="models")
    for path in directory.iterdir():
        s3.put_object(Bucket="models", Key=f"mistral/{path.name}", Body=path.read_bytes())
    s3.put_object(Bucket="models", Key="mistral/", Body=b"")
    s3.put_object(Bucket="models", Key="mistral/other/config.json", Body=b"{}")


def run(directory: Path, progress: Progress, source: str = SOURCE) -> None:
    prepare(settings_for(source, directory), progress, wait=lambda _: None)


def stop(_: float) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("source", [SOURCE, SOURCE + "/"])
def test_what_serving_needs_arrives(
    relay: Relay, large_checkpoint: Path, tmp_path: Path, progress: Progress, source: str
) -> None:
    run(tmp_path / "model", progress, source)
    assert_is_copy(tmp_path / "model", large_checkpoint)


def test_an_interrupted_run_goes_on_where_it_was(
    relay: Relay, large_checkpoint: Path, tmp_path: Path, progress: Progress
) -> None:
    """The connection is cut in the middle of the large file and the program ends; the next asks for the rest alone."""
    directory, relay.cut_after_bytes = tmp_path / "model", CUT_BYTES
    with pytest.raises(KeyboardInterrupt):
        prepare(settings_for(SOURCE, directory), progress, wait=stop)
    with pytest.raises(ConfigurationError, match="is not prepared completely"):
        check_prepared(directory)
    (partial,) = directory.glob(".prepare/*/*.partial")
    begun_bytes = partial.stat().st_size
    assert 0 < begun_bytes < CUT_BYTES
    assert partial.read_bytes() == (large_checkpoint / "model-0.safetensors").read_bytes()[:begun_bytes]
    relay.ranges.clear()
    run(directory, progress)
    assert relay.ranges == [str(begun_bytes), "0"]  # the rest of the first shard, and the second shard
    assert_is_copy(directory, large_checkpoint)


def test_a_cut_connection_is_continued_within_the_run(
    relay: Relay, large_checkpoint: Path, tmp_path: Path, progress: Progress
) -> None:
    relay.cut_after_bytes = CUT_BYTES
    run(tmp_path / "model", progress)
    assert [begin for begin in relay.ranges if begin != "0"] != []
    assert_is_copy(tmp_path / "model", large_checkpoint)


def test_an_object_that_was_replaced_meanwhile_is_never_mixed(relay: Relay, tmp_path: Path, progress: Progress) -> None:
    source = open_source(SOURCE)
    file = next(file for file in source.list_files().files if file.name == "model-1.safetensors")
    client().put_object(Bucket="models", Key="mistral/model-1.safetensors", Body=b"another")
    with (tmp_path / "target").open("wb") as target, pytest.raises(ConfigurationError, match="was changed while"):
        source.copy(file, 0, target)


def test_changed_objects_are_another_revision_and_ready_files_are_not_fetched_again(
    relay: Relay, tmp_path: Path, progress: Progress
) -> None:
    run(tmp_path / "model", progress)
    first = read_marker(tmp_path / "model")
    relay.ranges.clear()
    run(tmp_path / "model", progress)
    assert relay.ranges == []
    client().put_object(Bucket="models", Key="mistral/generation_config.json", Body=b'{"eos_token_id": 7}')
    run(tmp_path / "model", progress)
    second = read_marker(tmp_path / "model")
    client().delete_object(Bucket="models", Key="mistral/generation_config.json")
    assert first is not None
    assert second is not None
    assert first.revision != second.revision
    assert (tmp_path / "model" / "generation_config.json").is_file()


def test_a_bucket_that_is_not_there_is_one_sentence(relay: Relay, tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(ConfigurationError, match="There is no bucket 'nothing'"):
        run(tmp_path / "model", progress, "s3://nothing/x")


def test_an_empty_prefix_is_one_sentence(relay: Relay, tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(ConfigurationError, match=r"s3://models/nothing/ has no config\.json"):
        run(tmp_path / "model", progress, "s3://models/nothing")


def test_missing_credentials_are_one_sentence(
    relay: Relay, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="No AWS credentials were found for s3://models/mistral/"):
        run(tmp_path / "model", progress)


def test_a_server_that_is_not_there_may_come_back(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SourceInterrupted, match="the connection to S3 failed"):
        open_source(SOURCE).list_files()
