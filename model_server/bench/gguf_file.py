"""Writes the bench's checkpoint as a GGUF file for llama-server, in the same number format; a program of its own.

Runs in the peers' environment, which has the `gguf` package. For a Llama or Mistral model with the byte-level tokenizer
of the bench only. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md describes the format.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gguf  # type: ignore[import-not-found, unused-ignore]  # of the peers' environment
import torch
from safetensors.torch import load_file

LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
TOP_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def write_gguf(checkpoint: Path, file: Path, number_format: str) -> None:
    """Write `checkpoint` to `file`, its matrices in `number_format`; complete before it gets its name."""
    configuration = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
    draft = file.with_suffix(".part")
    writer = gguf.GGUFWriter(str(draft), "llama")
    _add_shape(writer, configuration)
    _add_tokenizer(writer, tokenizer, configuration)
    for name, tensor in load_file(checkpoint / "model.safetensors").items():
        _add_tensor(writer, _translated(name), _arranged(name, tensor, configuration), number_format)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    draft.replace(file)


def _add_shape(writer: Any, configuration: dict[str, Any]) -> None:
    writer.add_context_length(configuration["max_position_embeddings"])
    writer.add_embedding_length(configuration["hidden_size"])
    writer.add_feed_forward_length(configuration["intermediate_size"])
    writer.add_block_count(configuration["num_hidden_layers"])
    writer.add_head_count(configuration["num_attention_heads"])
    writer.add_head_count_kv(configuration["num_key_value_heads"])
    writer.add_rope_dimension_count(configuration["head_dim"])
    writer.add_rope_freq_base(configuration["rope_theta"])
    writer.add_layer_norm_rms_eps(configuration["rms_norm_eps"])
    writer.add_vocab_size(configuration["vocab_size"])


def _add_tokenizer(writer: Any, tokenizer: dict[str, Any], configuration: dict[str, Any]) -> None:
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    kinds = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(configuration["bos_token_id"])
    writer.add_eos_token_id(configuration["eos_token_id"])
    writer.add_add_bos_token(True)


def _translated(name: str) -> str:
    stem = name.removesuffix(".weight")
    if stem in TOP_NAMES:
        return f"{TOP_NAMES[stem]}.weight"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[rest]}.weight"


def _arranged(name: str, tensor: torch.Tensor, configuration: dict[str, Any]) -> torch.Tensor:
    """Return queries and keys as llama.cpp rotates them: neighbouring rows are a pair, not the two halves of a head."""
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    kind = name.split(".")[-2]
    if kind not in heads:
        return tensor
    count = configuration[heads[kind]]
    return tensor.view(count, 2, -1, tensor.shape[1]).transpose(1, 2).reshape(tensor.shape)


def _add_tensor(writer: Any, name: str, tensor: torch.Tensor, number_format: str) -> None:
    if tensor.dim() == 1 or number_format == "float32":  # llama.cpp wants norms in float32
        writer.add_tensor(name, tensor.float().numpy())
        return
    raw = tensor.contiguous().view(torch.uint8).numpy()
    writer.add_tensor(name, raw, raw_dtype=gguf.GGMLQuantizationType.BF16)


if __name__ == "__main__":
    write_gguf(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
