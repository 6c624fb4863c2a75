from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_server.errors import ConfigurationError
from model_server.weights import open_checkpoint, resolve_maximum_length
from tests.model_server.checkpoints import write_checkpoint


def test_a_checkpoint_is_known_without_loading_it(checkpoint_dir: Path) -> None:
    checkpoint = open_checkpoint(checkpoint_dir)
    assert checkpoint.end_token_ids == {2}
    assert checkpoint.shapes["model.norm.weight"] == (32,)
    assert checkpoint.files["model.norm.weight"] == checkpoint_dir / "model.safetensors"


def test_a_sharded_checkpoint_is_the_same(tmp_path: Path, checkpoint_dir: Path) -> None:
    sharded = open_checkpoint(write_checkpoint(tmp_path, shards=3))
    assert sharded.shapes == open_checkpoint(checkpoint_dir).shapes
    assert len(set(sharded.files.values())) == 3


def test_several_end_tokens_come_from_the_generation_config(tmp_path: Path) -> None:
    write_checkpoint(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 7]}), encoding="utf-8")
    assert open_checkpoint(tmp_path).end_token_ids == {2, 7}


def test_a_missing_shard_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, shards=2)
    (tmp_path / "model-1.safetensors").unlink()
    with pytest.raises(ConfigurationError, match=r"lacks its weights \(model-1\.safetensors\)"):
        open_checkpoint(tmp_path)


def test_an_index_cannot_point_out_of_the_directory(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, shards=2)
    index = {"weight_map": {"a": "../elsewhere.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="lacks its weights"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("cut", [1, 5000])
def test_an_incomplete_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = write_checkpoint(tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ConfigurationError, match="incomplete"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", b"\x02" + bytes(7) + b"{}"]
)
def test_a_file_that_is_not_safetensors_is_refused(tmp_path: Path, content: bytes) -> None:
    (write_checkpoint(tmp_path) / "model.safetensors").write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a safetensors file"):
        open_checkpoint(tmp_path)


def test_tensors_that_do_not_fit_the_configuration_are_named(tmp_path: Path) -> None:
    config = write_checkpoint(tmp_path) / "config.json"
    raw = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**raw, "vocab_size": 401}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'model\.embed_tokens\.weight' has the shape \[400, 32\]"):
        open_checkpoint(tmp_path)
    config.write_text(json.dumps({**raw, "tie_word_embeddings": False}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"no tensor 'lm_head\.weight'"):
        open_checkpoint(tmp_path)


def test_an_unreadable_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not a JSON object"):
        open_checkpoint(tmp_path)


def test_the_window_is_the_checkpoints_unless_a_smaller_one_is_asked_for(checkpoint_dir: Path) -> None:
    checkpoint = open_checkpoint(checkpoint_dir)
    assert resolve_maximum_length(checkpoint, None) == 300
    assert resolve_maximum_length(checkpoint, 100) == 100
    with pytest.raises(ConfigurationError, match="MAX_MODEL_LENGTH is 301"):
        resolve_maximum_length(checkpoint, 301)


def test_a_sliding_window_is_served_only_where_it_is_never_reached(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write_checkpoint(tmp_path, sliding_window=200))
    assert resolve_maximum_length(checkpoint, 200) == 200
    with pytest.raises(ConfigurationError, match="MAX_MODEL_LENGTH to at most 200"):
        resolve_maximum_length(checkpoint, None)
