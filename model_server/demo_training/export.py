"""Writes a trained model as the files that Mistral-7B also has, each complete before it gets its name."""

import json
import tempfile
from pathlib import Path

from tokenizers import Tokenizer
from transformers import MistralConfig, MistralForCausalLM

from model_server.demo_training.tokenizer import BEGIN_ID, END_ID, WINDOW_TOKENS, save_tokenizer

ROPE_THETA = 10000.0


def new_config(vocabulary_size: int) -> MistralConfig:
    """Return the shape of the model: Mistral's architecture, about 5 million parameters."""
    return MistralConfig(
        vocab_size=vocabulary_size,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=WINDOW_TOKENS,
        sliding_window=None,
        tie_word_embeddings=True,
        bos_token_id=BEGIN_ID,
        eos_token_id=END_ID,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
    )


def export_model(model: MistralForCausalLM, tokenizer: Tokenizer, directory: Path) -> None:
    """Write config, weights in bfloat16 and tokenizer; a reader never sees a half-written file."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as name:
        draft = Path(name)
        copy = MistralForCausalLM(model.config)
        copy.load_state_dict(model.state_dict())
        copy.bfloat16().save_pretrained(draft)
        _write_classic_config(draft / "config.json")
        _write_json(draft / "generation_config.json", {"bos_token_id": BEGIN_ID, "eos_token_id": END_ID})
        save_tokenizer(tokenizer, draft)
        for path in sorted(draft.iterdir()):
            path.chmod(0o644)
            path.replace(directory / path.name)


def _write_classic_config(path: Path) -> None:
    """Add the key as Mistral-7B's own config.json has it; newer transformers write it elsewhere."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"rope_theta": ROPE_THETA}
    _write_json(path, config)


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
