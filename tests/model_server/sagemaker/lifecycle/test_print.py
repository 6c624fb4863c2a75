"""`deploy --print`: the whole plan of each preset, as golden files, without credentials and without making anything.

After a change that is meant, `WRITE_GOLDEN=1 python -m pytest` on this file writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model_server.sagemaker.lifecycle.presets import PRESETS
from tests.model_server.sagemaker.lifecycle.catalogue import publish, specification
from tests.model_server.sagemaker.lifecycle.cloud import TOKEN, Cloud
from tests.model_server.sagemaker.lifecycle.conftest import Command

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
NEURON_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/twinstream-server:neuron"
ROLE = ("--role", "arn:aws:iam::123456789012:role/endpoints")
HUB = ("--hub-token-from", "MY_TOKEN")
STORAGE = ("--s3", "s3://weights/models", "--snapshot", "snapshot")
COMPLETE = {
    "mistral-7b-instruct-tgi": (*ROLE, *HUB),
    "llama-2-13b-chat-tgi": (*ROLE, *HUB),
    "mistral-7b-instruct-lmi": (*ROLE, *HUB),
    "llama-2-13b-chat-lmi": (*ROLE, *HUB),
    "mistral-7b-instruct-lmi-s3": (*ROLE, *STORAGE),
    "llama-2-13b-chat-lmi-s3": (*ROLE, *STORAGE),
    "mistral-7b-instruct-jumpstart": ROLE,
    "mistral-7b-instruct-neuron": (*ROLE, *STORAGE, "--image", NEURON_IMAGE),
}
EVERY_OPTION = (
    *("--name", "mine", "--role", "endpoints", *HUB, "--env", "MAX_CONCURRENT_REQUESTS=4", "--env", "SM_NUM_GPUS=4"),
    *("--instance-type", "ml.g5.12xlarge", "--count", "2", "--image", "tgi-3.3.6", "--timeout", "1200"),
    *("--subnets", "subnet-1,subnet-2", "--security-groups", "sg-1", "--min-count", "1", "--max-count", "3"),
)
FILES = {
    **{name: (name, options) for name, options in COMPLETE.items()},
    **{f"{name}.bare": (name, ()) for name in PRESETS},
    "every-option": ("mistral-7b-instruct-tgi", EVERY_OPTION),
}


def test_every_preset_has_its_golden_files() -> None:
    assert COMPLETE.keys() == PRESETS.keys()
    assert {path.stem for path in GOLDEN.glob("*.txt")} == FILES.keys()


@pytest.mark.parametrize("file", FILES)
def test_the_plan_is_as_it_was(file: str, command: Command, cloud: Cloud, snapshot: Path) -> None:
    preset, options = FILES[file]
    if preset == "mistral-7b-instruct-jumpstart" and options:
        publish(cloud, specification())
        cloud.calls.clear()
    elif preset == "mistral-7b-instruct-jumpstart":
        cloud.refuse("GetObject", "AccessDenied", status=403)
    said = command("deploy", preset, "--print", *options)
    assert (said.code, said.error) == (0, "")
    path = GOLDEN / f"{file}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(said.out, encoding="utf-8")
    assert said.out == path.read_text(encoding="utf-8")
    assert set(cloud.order("")) <= {"GetObject"}  # of JumpStart, and that without credentials
    assert cloud.resources() == set()


def test_nothing_is_asked_of_aws_where_nothing_must_be_read(
    command: Command, monkeypatch: pytest.MonkeyPatch, snapshot: Path
) -> None:
    """No moto, no credentials, no region: a connection would fail this test."""
    for name in PRESETS.keys() - {"mistral-7b-instruct-jumpstart"}:
        assert command("deploy", name, "--print").code == 0


def test_a_preset_that_is_complete_misses_nothing() -> None:
    for name in COMPLETE:
        assert "give too" not in (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
        assert "give too" in (GOLDEN / f"{name}.bare.txt").read_text(encoding="utf-8")


def test_no_secret_is_in_any_plan() -> None:
    for path in GOLDEN.glob("*.txt"):
        assert TOKEN not in path.read_text(encoding="utf-8")
    assert "HUGGING_FACE_HUB_TOKEN: <the value of MY_TOKEN, never shown>" in (
        GOLDEN / "llama-2-13b-chat-tgi.txt"
    ).read_text(encoding="utf-8")
