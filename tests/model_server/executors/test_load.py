from __future__ import annotations

from pathlib import Path

from model_server.executors.load import load_executor
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint


def test_the_torch_executor_has_the_limits_of_the_settings(checkpoint_dir: Path) -> None:
    settings = ServerSettings(model_dir=checkpoint_dir, slots=3, torch_threads=1)
    limits = load_executor(settings, open_checkpoint(checkpoint_dir), 64).capabilities
    assert (limits.slots, limits.maximum_length, limits.vocabulary_size) == (3, 64, 400)
