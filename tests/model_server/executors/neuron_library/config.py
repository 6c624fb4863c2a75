"""What the library is told before it is built; unknown words are refused as there, wrong numbers often not."""

from __future__ import annotations

import enum
from typing import Any

NEURON_CONFIG_WORDS = frozenset(
    {
        "sparse_attn",
        "quant",
        "kv_cache_quant",
        "continuous_batching",
        "attention_layout",
        "collectives_layout",
        "cache_layout",
        "padding_side",
        "group_query_attention",
        "sequence_parallel_norm",
        "sequence_parallel_norm_threshold",
        "bf16_rms_norm",
        "on_device_embedding",
        "on_device_generation",
        "all_reduce_dtype",
        "cast_logits_dtype",
        "fuse_qkv",
        "qkv_tiling",
        "weight_tiling",
        "log_softmax_scores",
        "shard_over_sequence",
        "output_all_logits",
        "attn_output_transposed",
        "fused_rmsnorm_qkv",
        "fused_rmsnorm_mlp",
        "fuse_mlp",
        "mlp_out_weight_transpose",
        "is_eagle_target",
        "is_eagle_draft",
        "has_pre_attention_norm",
        "compilation_worker_count",
        "duplicate_q_weight_sos",
    }
)


class Layout(enum.Enum):
    HSB = "HSB"
    BSH = "BSH"
    SBH = "SBH"


class GQA(enum.Enum):
    SHARD_OVER_HEADS = "shard-over-heads"
    SHARD_OVER_BATCH = "shard-over-batch"
    REPLICATED_HEADS = "replicated-heads"
    ALL_GATHER_HEADS = "all-gather-heads"


class ContinuousBatchingConfig:
    def __init__(self, **words: Any) -> None:
        self.batch_size_for_shared_caches: int = (
            words.pop("max_num_seqs") if words.get("max_num_seqs") else words.pop("batch_size_for_shared_caches")
        )
        for word in ("max_model_len", "optimized_paged_attention", "enable_chunked_prefill"):
            words.pop(word, None)
        assert not words, f"unexpected key word arguments: {words.keys()}"


class NeuronConfig:
    def __init__(self, **words: Any) -> None:
        unknown = words.keys() - NEURON_CONFIG_WORDS
        assert not unknown, f"unexpected keyword arguments: {unknown}"
        self.words = words
        self.continuous_batching: ContinuousBatchingConfig | None = words.get("continuous_batching")
        self.group_query_attention = GQA(words.get("group_query_attention", GQA.SHARD_OVER_HEADS))
        self.attention_layout = Layout(words.get("attention_layout", Layout.HSB))
        self.collectives_layout = Layout(words.get("collectives_layout", Layout.HSB))
        self.cast_logits_dtype: str = words.get("cast_logits_dtype", "float32")
        assert self.cast_logits_dtype in ("float32", "float16", "bfloat16"), self.cast_logits_dtype


class ModelConfig:
    """config.json as transformers 4.48 takes it: what is not there, or is in a newer form, has a default."""

    def __init__(self, raw: dict[str, Any]) -> None:
        is_mistral = raw["model_type"] == "mistral"
        self.model_type: str = raw["model_type"]
        self.vocab_size: int = raw.get("vocab_size", 32000)
        self.num_attention_heads: int = raw.get("num_attention_heads", 32)
        self.num_key_value_heads: int = raw.get("num_key_value_heads", 8 if is_mistral else self.num_attention_heads)
        self.attention_head_size: int = raw["hidden_size"] // self.num_attention_heads  # head_dim is not looked at
        self.rope_theta: float = raw.get("rope_theta", 10000.0)
        self.rms_norm_eps: float = raw.get("rms_norm_eps", 1e-6)
        if is_mistral:
            self.sliding_window: int | None = raw.get("sliding_window", 4096)
