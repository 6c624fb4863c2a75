"""Trains and writes the tokenizer: byte-level BPE with Mistral's control tokens and chat form.

``[INST]`` and ``[/INST]`` are ordinary text, as in Mistral-7B-Instruct-v0.2; the splitting rule lets each become one
token. Digits stay single. An answer's first token begins with its space, so that a conversation read back gives the
same tokens as were generated.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
UNKNOWN_ID, BEGIN_ID, END_ID = 0, 1, 2
VOCABULARY_SIZE = 2048
WINDOW_TOKENS = 1024

_PIECE = (
    r" ?\[/?INST\]"  # so that the marks of the prompt form can become one token each
    r"|'(?:s|t|re|ve|m|ll|d)| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"  # GPT-2's rule, with single digits
)
"""What a merge may never cross."""

CHAT_TEMPLATE = (
    "{%- set ns = namespace(system='') -%}"
    "{{- bos_token -}}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'system' -%}"
    "{%- if not loop.first -%}{{- raise_exception('A system message must be the first.') -}}{%- endif -%}"
    "{%- set ns.system = message['content'] + '\\n\\n' -%}"
    "{%- elif message['role'] == 'user' -%}"
    "{{- ' [INST] ' + ns.system + message['content'] + ' [/INST]' -}}"
    "{%- set ns.system = '' -%}"
    "{%- elif message['role'] == 'assistant' -%}"
    "{{- ' ' + message['content'] + eos_token -}}"
    "{%- else -%}{{- raise_exception('Roles are system, user and assistant.') -}}{%- endif -%}"
    "{%- endfor -%}"
)


def train_tokenizer(texts: Iterable[str], vocabulary_size: int = VOCABULARY_SIZE) -> Tokenizer:
    """Return a tokenizer that has learned its merges from these texts. Any Unicode text survives a round trip."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECE), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in (UNKNOWN, BEGIN, END)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, BEGIN_ID)]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, directory: Path) -> None:
    """Write tokenizer.json and the two files that transformers reads beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    tokens = {"bos_token": BEGIN, "eos_token": END, "unk_token": UNKNOWN}
    _write_json(directory / "special_tokens_map.json", tokens)
    _write_json(
        directory / "tokenizer_config.json",
        {
            **tokens,
            "add_bos_token": True,
            "add_eos_token": False,
            "chat_template": CHAT_TEMPLATE,
            "clean_up_tokenization_spaces": False,
            "model_max_length": WINDOW_TOKENS,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )


def load_tokenizer(directory: Path) -> Tokenizer:
    """Return the tokenizer of a model directory."""
    return Tokenizer.from_file(str(directory / "tokenizer.json"))


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
