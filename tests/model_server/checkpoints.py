"""Tiny checkpoints with random weights, and tokenizers of both families, written as a Hugging Face repository is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from model_server.model_configuration import parse_model_configuration

CONTROL_STRINGS = ["<unk>", "<s>", "</s>"]
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('in turn, please') }}{% endif %}"
    "{% if message.role == 'user' %} [INST] {{ message.content }} [/INST]"
    "{% else %} {{ message.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
SENTENCES = [
    "the quick brown fox jumps over the lazy dog",
    "[INST] hello [/INST] how are you today? 12 34",
    "naïve 你好 😀",
]
CONFIGURATION: dict[str, Any] = {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "hidden_act": "silu",
    "hidden_size": 32,
    "intermediate_size": 56,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 300,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "sliding_window": None,
    "tie_word_embeddings": True,
    "vocab_size": 400,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def write_checkpoint(directory: Path, *, shards: int = 1, **changes: object) -> Path:
    """Write a random Mistral model of the test configuration, with `changes`, and a byte-level tokenizer."""
    directory.mkdir(parents=True, exist_ok=True)
    raw = {**CONFIGURATION, **changes}
    (directory / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    write_tokenizer(directory, byte_level_tokenizer())
    generator = torch.Generator().manual_seed(7)
    tensors = {
        name: torch.ones(shape)
        if len(shape) == 1
        else torch.randn(shape, generator=generator) * (1.0 if "embed" in name else 2 / shape[1] ** 0.5)
        for name, shape in parse_model_configuration(raw).tensor_shapes().items()
    }
    names = sorted(tensors)
    files = ["model.safetensors"] if shards == 1 else [f"model-{index}.safetensors" for index in range(shards)]
    for index, file in enumerate(files):
        save_file({name: tensors[name] for name in names[index::shards]}, directory / file, {"format": "pt"})
    if shards > 1:
        weight_map = {name: files[position % shards] for position, name in enumerate(names)}
        index_text = json.dumps({"metadata": {}, "weight_map": weight_map})
        (directory / "model.safetensors.index.json").write_text(index_text, encoding="utf-8")
    return directory


def write_tokenizer(directory: Path, tokenizer: Tokenizer) -> None:
    tokenizer.save(str(directory / "tokenizer.json"))
    configuration = {"bos_token": "<s>", "eos_token": "</s>", "chat_template": CHAT_TEMPLATE}
    (directory / "tokenizer_config.json").write_text(json.dumps(configuration), encoding="utf-8")


def byte_level_tokenizer() -> Tokenizer:
    """Return a small byte-level BPE tokenizer, as the built-in model has."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=350, special_tokens=CONTROL_STRINGS, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES * 4, trainer)
    return tokenizer


def sentencepiece_tokenizer() -> Tokenizer:
    """Return a small tokenizer of the form that Mistral-7B has: BPE with `▁` for spaces and a fallback to bytes."""
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=CONTROL_STRINGS, show_progress=False)
    trained.train_from_iterator([sentence.replace(" ", "▁") for sentence in SENTENCES[:2]] * 4, trainer)
    content = json.loads(trained.to_str())
    vocabulary: dict[str, int] = content["model"]["vocab"]
    for text in ["▁", *(f"<0x{byte:02X}>" for byte in range(256))]:
        vocabulary.setdefault(text, len(vocabulary))
    return Tokenizer.from_str(json.dumps(as_sentencepiece(content)))


def as_sentencepiece(content: dict[str, Any]) -> dict[str, Any]:
    """Return a parsed tokenizer.json with the normalizer and decoder that Mistral-7B's has."""
    prepend = {"type": "Prepend", "prepend": "▁"}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    restore = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    return {
        **content,
        "model": {**content["model"], "byte_fallback": True, "fuse_unk": True},
        "normalizer": {"type": "Sequence", "normalizers": [prepend, replace]},
        "decoder": {"type": "Sequence", "decoders": [restore, {"type": "ByteFallback"}, {"type": "Fuse"}, strip]},
    }
