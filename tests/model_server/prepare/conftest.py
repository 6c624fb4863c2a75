"""Fixtures of `prepare`: a checkpoint that is large enough to be interrupted, and a quiet progress."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from model_server.prepare.progress import Progress
from tests.model_server.checkpoints import write_checkpoint


@pytest.fixture(scope="session")
def large_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards, one of 26 MB, and files that must stay where they are."""
    directory = write_checkpoint(tmp_path_factory.mktemp("large"), shards=2, vocab_size=200_000)
    (directory / "consolidated.safetensors").write_bytes(b"the same weights a second time")
    (directory / "pytorch_model.bin").write_bytes(b"a pickle")
    (directory / "README.md").write_text("a card", encoding="utf-8")
    return directory


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO())


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "original", shards=2)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "volume" / "model"
