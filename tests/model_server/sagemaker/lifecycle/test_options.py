"""What a person may ask `deploy` for, and the sentence for what does not work. Nothing is asked of AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.artifacts import pack_archive
from model_server.sagemaker.lifecycle.images import image_uri, known_images
from model_server.sagemaker.lifecycle.options import S3Place, parse_place
from model_server.sagemaker.lifecycle.presets import PRESETS
from model_server.sagemaker.lifecycle.prices import about, dollars_per_hour
from tests.model_server.sagemaker.lifecycle.conftest import Command

TGI = "mistral-7b-instruct-tgi"
LMI = "mistral-7b-instruct-lmi-s3"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((TGI, "--name", "a_b"), "The name 'a_b' does not do"),
        ((TGI, "--name", "a-"), "does not do"),
        ((TGI, "--name", "a" * 64), "at most 63"),
        ((TGI, "--env", "SLOTS"), "--env takes NAME=VALUE"),
        ((TGI, "--env", "1=2"), "--env takes NAME=VALUE"),
        ((TGI, "--env", "HF_TOKEN=x"), "--env HF_TOKEN looks like a secret"),
        ((TGI, "--env", "hugging_face_hub_token=x"), "looks like a secret"),
        ((TGI, "--env", "OTHER=hf_abcdefghijklmnop"), "looks like a secret"),
        ((TGI, "--env", "MY_PASSWD=x"), "looks like a secret"),
        ((TGI, "--env", "HF_TOKEN_OF_MINE=x"), "looks like a secret"),
        ((TGI, "--subnets", "subnet-1"), "takes both: --subnets and --security-groups"),
        ((TGI, "--timeout", "59"), "between 60 and 3600"),
        ((TGI, "--timeout", "3601"), "between 60 and 3600"),
        ((TGI, "--count", "0"), "at least 1 instance"),
        ((TGI, "--min-count", "1"), "takes both: --min-count and --max-count"),
        ((TGI, "--min-count", "0", "--max-count", "2"), "cannot scale below 1"),
        ((TGI, "--count", "3", "--min-count", "1", "--max-count", "2"), "must be between --min-count 1 and"),
        ((TGI, "--min-count", "1", "--max-count", "2", "--target-concurrency", "0"), "must be at least 1"),
        ((TGI, "--image", "nothing"), "neither an address in ECR"),
        ((TGI, "--image", "1" * 12 + ".dkr.ecr.eu-west-1.amazonaws.com/x:y"), "The image is in eu-west-1, but"),
        ((LMI, "--hub-token-from", "MY_TOKEN"), "leave out --hub-token-from"),
        ((LMI, "--s3", "bucket/prefix"), "is not an address in S3"),
        ((LMI, "--s3", "s3://bucket/with space"), "is not an address in S3"),
        ((LMI, "--snapshot", "nowhere"), "there is no config.json"),
    ],
)
def test_what_does_not_work_is_a_sentence(command: Command, arguments: tuple[str, ...], sentence: str) -> None:
    said = command("deploy", *arguments, "--print")
    assert (said.code, said.out) == (1, "")
    assert sentence in said.error
    assert len(said.error.splitlines()) == 1


@pytest.mark.parametrize(("preset", "sentence"), [(TGI, "is gated"), (LMI, "Give --s3: "), (LMI, "Give --snapshot: ")])
def test_what_is_missing_is_asked_for_before_anything_is_looked_up(
    command: Command, monkeypatch: pytest.MonkeyPatch, preset: str, sentence: str
) -> None:
    said = command("deploy", preset, "--yes")
    assert said.code == 1
    assert sentence in said.error


def test_a_token_that_is_not_set_is_a_sentence(command: Command) -> None:
    said = command("deploy", TGI, "--yes", "--role", "arn:aws:iam::1:role/r", "--hub-token-from", "NOT_SET")
    assert said.code == 1
    assert "'NOT_SET' is named as the variable with a secret, but it is not set" in said.error


def test_another_model_of_the_hub_needs_no_token(command: Command) -> None:
    out = command("deploy", TGI, "--print", "--env", "HF_MODEL_ID=somebody/mistral").out
    assert "hub-token" not in out


def test_a_variable_goes_before_the_line_of_serving_properties(command: Command) -> None:
    out = command("deploy", LMI, "--print", "--env", "OPTION_MAX_MODEL_LEN=4096").out
    assert "option.max_model_len" not in out
    assert "OPTION_MAX_MODEL_LEN: 4096" in out


def test_weights_without_a_checkpoint_are_refused(command: Command, snapshot: Path) -> None:
    (snapshot / "model.safetensors").unlink()
    assert "there are no weights in it" in command("deploy", LMI, "--print", "--snapshot", "snapshot").error


def test_a_model_that_is_in_s3_is_not_uploaded(command: Command) -> None:
    out = command("deploy", LMI, "--print", "--model-data", "s3://theirs/model", "--s3", "s3://mine").out
    assert "option.model_id=s3://theirs/model/" in out
    assert "upload_file" not in out
    assert "s3://mine/twinstream-" in out


def test_regions_have_their_own_registries() -> None:
    assert image_uri("tgi-1.0.3", "eu-south-1").startswith("692866216735.dkr.ecr.eu-south-1.amazonaws.com/hugging")
    assert image_uri("lmi-0.25.0", "cn-north-1").startswith("727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/djl")
    with pytest.raises(ConfigurationError, match=r"AWS keeps no images of model servers in 'mars-1'\. Set"):
        image_uri("tgi-1.0.3", "mars-1")


def test_every_preset_has_an_image_and_a_price() -> None:
    for preset in PRESETS.values():
        assert preset.image is None or preset.image in known_images()
        assert dollars_per_hour(preset.instance_type) is not None


def test_prices_are_never_a_promise() -> None:
    assert about("ml.g5.2xlarge", 2) == "about 3.03 USD an hour for 2 x ml.g5.2xlarge (check AWS: regions differ)"
    assert "not known here" in about("ml.p5.48xlarge", 1)


def test_the_archive_is_the_same_byte_for_byte() -> None:
    assert pack_archive("a=b\n") == pack_archive("a=b\n")
    assert pack_archive("a=b\n")[4:8] == bytes(4)  # gzip's clock


def test_a_place_ends_with_a_slash_or_is_a_bucket() -> None:
    assert parse_place("s3://bucket/a/b/") == parse_place("s3://bucket/a/b") == S3Place("bucket", "a/b/")
    assert parse_place("s3://bucket") == S3Place("bucket", "")
