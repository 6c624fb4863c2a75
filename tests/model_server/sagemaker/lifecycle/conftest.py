"""Fixtures of the commands: invented credentials, moto, and the command as a person calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from moto import mock_aws

from model_server.sagemaker.__main__ import main
from model_server.sagemaker.lifecycle import aws, waiting
from model_server.sagemaker.lifecycle.presets import PRESETS
from tests.model_server.sagemaker.lifecycle.cloud import KNOWN_TO_MOTO, REGION, ROLE, TOKEN, Cloud

BUCKET = "weights"


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and all that it said."""

    code: int
    out: str
    error: str

    @property
    def text(self) -> str:
        return self.out + self.error


class Command:
    """`python -m model_server.sagemaker …`, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Said:
        self._capsys.readouterr()
        code = main([*arguments, "--region", REGION])
        said = Said(code, *self._capsys.readouterr())
        assert "Traceback" not in said.text
        assert TOKEN not in said.text
        return said

    def deploy(self, preset: str, *arguments: str) -> Said:
        """Deploy without asking, on an instance that moto knows."""
        token = ("--hub-token-from", "MY_TOKEN") if PRESETS[preset].token_variable else ()
        return self(
            *("deploy", preset, "--yes", "--role", ROLE, "--instance-type", KNOWN_TO_MOTO, *token, *arguments),
        )


@pytest.fixture(autouse=True)
def _without_a_persons_own_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    monkeypatch.setattr(waiting, "LOOK_EVERY_SECONDS", 0.0)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with mock_aws():
        cloud = Cloud()
        monkeypatch.setattr(aws, "open_session", lambda: cloud)
        cloud.direct("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield cloud


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, below the working directory, so that its name is the same everywhere."""
    monkeypatch.chdir(tmp_path)
    folder = Path("snapshot")
    (folder / "neuron").mkdir(parents=True)
    (folder / ".cache").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "neuron/graph.neff", ".cache/leftover"):
        (folder / name).write_text(f"the content of {name}", encoding="utf-8")
    return folder
