"""The shape of a Mistral or Llama model, parsed from its config.json.

What our forward pass does not compute is refused here with a sentence, never served wrong.
Written by transformers 4 (`rope_theta`, `rope_scaling`) and 5 (`rope_parameters`) alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_server.errors import ConfigurationError

SUPPORTED_TYPES = ("mistral", "llama")


@dataclass(frozen=True, slots=True)
class ModelConfiguration:
    """Sizes in elements, lengths in tokens."""

    model_type: str  # one of SUPPORTED_TYPES
    vocabulary_size: int
    hidden_size: int
    feed_forward_size: int
    layers: int
    heads: int
    key_value_heads: int
    head_size: int
    maximum_length: int
    rotary_base: float
    normalization_epsilon: float
    ties_embeddings: bool
    sliding_window: int | None

    def __post_init__(self) -> None:
        if self.key_value_heads < 1 or self.heads % self.key_value_heads:
            raise ConfigurationError(
                f"config.json asks for {self.heads} attention heads on {self.key_value_heads} key-value heads, "
                "which does not divide."
            )
        if self.head_size % 2:
            raise ConfigurationError(f"config.json asks for an odd head size of {self.head_size}.")

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every tensor that the forward pass needs."""
        hidden, queries = self.hidden_size, self.heads * self.head_size
        key_values = self.key_value_heads * self.head_size
        shapes: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.vocabulary_size, hidden),
            "model.norm.weight": (hidden,),
        }
        if not self.ties_embeddings:
            shapes["lm_head.weight"] = (self.vocabulary_size, hidden)
        for layer in range(self.layers):
            prefix = f"model.layers.{layer}."
            shapes[prefix + "input_layernorm.weight"] = (hidden,)
            shapes[prefix + "self_attn.q_proj.weight"] = (queries, hidden)
            shapes[prefix + "self_attn.k_proj.weight"] = (key_values, hidden)
            shapes[prefix + "self_attn.v_proj.weight"] = (key_values, hidden)
            shapes[prefix + "self_attn.o_proj.weight"] = (hidden, queries)
            shapes[prefix + "post_attention_layernorm.weight"] = (hidden,)
            shapes[prefix + "mlp.gate_proj.weight"] = (self.feed_forward_size, hidden)
            shapes[prefix + "mlp.up_proj.weight"] = (self.feed_forward_size, hidden)
            shapes[prefix + "mlp.down_proj.weight"] = (hidden, self.feed_forward_size)
        return shapes


def parse_model_configuration(raw: Mapping[str, Any]) -> ModelConfiguration:
    """Return the configuration in a parsed config.json; raise ConfigurationError for what cannot be served."""
    _refuse_unsupported(raw)
    try:
        return ModelConfiguration(
            model_type=str(raw["model_type"]),
            vocabulary_size=int(raw["vocab_size"]),
            hidden_size=int(raw["hidden_size"]),
            feed_forward_size=int(raw["intermediate_size"]),
            layers=int(raw["num_hidden_layers"]),
            heads=int(raw["num_attention_heads"]),
            key_value_heads=int(raw.get("num_key_value_heads") or raw["num_attention_heads"]),
            head_size=int(raw.get("head_dim") or raw["hidden_size"] // raw["num_attention_heads"]),
            maximum_length=int(raw["max_position_embeddings"]),
            rotary_base=float(_rotary_parameters(raw).get("rope_theta") or raw.get("rope_theta") or 10_000.0),
            normalization_epsilon=float(raw.get("rms_norm_eps", 1e-6)),
            ties_embeddings=bool(raw.get("tie_word_embeddings", False)),
            sliding_window=raw.get("sliding_window"),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ConfigurationError(f"config.json lacks a usable value ({error}): fetch the checkpoint again.") from error


def _refuse_unsupported(raw: Mapping[str, Any]) -> None:
    refusals = {
        f"is of the type {raw.get('model_type')!r}": raw.get("model_type") not in SUPPORTED_TYPES,
        "scales its rotary positions (rope_scaling)": _scales_positions(raw),
        "uses biases in its attention": bool(raw.get("attention_bias")),
        "uses biases in its feed-forward layers": bool(raw.get("mlp_bias")),
        "is quantized": raw.get("quantization_config") is not None,
        f"uses the activation {raw.get('hidden_act')!r}": raw.get("hidden_act", "silu") != "silu",
    }
    for reason, applies in refusals.items():
        if applies:
            raise ConfigurationError(
                f"This checkpoint {reason}, which is not supported. Use a plain Mistral or Llama checkpoint."
            )


def _scales_positions(raw: Mapping[str, Any]) -> bool:
    scaling = _rotary_parameters(raw)
    return bool(scaling.get("rope_type", scaling.get("type", "default")) != "default")


def _rotary_parameters(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return raw.get("rope_parameters") or raw.get("rope_scaling") or {}
