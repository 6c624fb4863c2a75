"""Makes the model that everything is measured with: random weights in the form of a Hugging Face checkpoint.

Random, because speed does not depend on what a model knows; the size is one at which a laptop shows differences in
servers. The output rows of all tokens but words are zero, so that no server can end an answer early or hold back half
a character: every answer has exactly the length that was asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file

from model_server.bench.vocabulary import (
    BEGIN,
    BEGIN_ID,
    END,
    END_ID,
    UNKNOWN,
    VOCABULARY_SIZE,
    build_tokenizer,
    spoken_token_ids,
)
from model_server.model_configuration import parse_model_configuration

WINDOW_TOKENS = 4096
SEED = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model; `name` is the folder's."""

    name: str
    hidden_size: int
    feed_forward_size: int
    layers: int
    heads: int
    key_value_heads: int


BENCH_SHAPE = Shape("31m", hidden_size=512, feed_forward_size=1792, layers=8, heads=8, key_value_heads=2)
TINY_SHAPE = Shape("tiny", hidden_size=32, feed_forward_size=64, layers=2, heads=4, key_value_heads=2)


def make_checkpoint(folder: Path, shape: Shape) -> Path:
    """Return the directory of the checkpoint in `folder`; made on first use, and when its configuration changed."""
    directory = folder / f"random-{shape.name}"
    configuration = _configuration(shape)
    if _read(directory / "config.json") != configuration:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as name:
            _write_files(Path(name), configuration)
            directory.mkdir(exist_ok=True)
            # config.json last: where it is, the rest is
            for path in sorted(Path(name).iterdir(), key=lambda path: path.name == "config.json"):
                path.replace(directory / path.name)
    return directory


def _configuration(shape: Shape) -> dict[str, Any]:
    return {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "hidden_act": "silu",
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.feed_forward_size,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_value_heads,
        "head_dim": shape.hidden_size // shape.heads,
        "max_position_embeddings": WINDOW_TOKENS,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "vocab_size": VOCABULARY_SIZE,
        "bos_token_id": BEGIN_ID,
        "eos_token_id": END_ID,
    }


def _write_files(directory: Path, configuration: dict[str, Any]) -> None:
    save_file(_random_tensors(configuration), directory / "model.safetensors", {"format": "pt"})
    build_tokenizer().save(str(directory / "tokenizer.json"))
    tokens = {"bos_token": BEGIN, "eos_token": END, "unk_token": UNKNOWN}
    tokenizer = {**tokens, "add_bos_token": True, "add_eos_token": False, "model_max_length": WINDOW_TOKENS}
    tokenizer |= {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    _write_json(directory / "tokenizer_config.json", tokenizer)
    _write_json(directory / "generation_config.json", {"bos_token_id": BEGIN_ID, "eos_token_id": END_ID})
    _write_json(directory / "config.json", configuration)


def _random_tensors(configuration: dict[str, Any]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    tensors = {}
    for name, shape in parse_model_configuration(configuration).tensor_shapes().items():
        scale = 1.0 if "embed" in name else shape[-1] ** -0.5
        values = torch.ones(shape) if len(shape) == 1 else torch.randn(shape, generator=generator) * scale
        tensors[name] = values.bfloat16()
    silent = torch.ones(VOCABULARY_SIZE, dtype=torch.bool)
    silent[spoken_token_ids()] = False
    tensors["lm_head.weight"][silent] = 0.0  # the best of the others is always above zero
    return tensors


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
