"""How many tokens a rendered prompt has, where the server cannot say: counted with mistral-common's own tokenizers.

Exact for Mistral; for other models (Llama-2 has a vocabulary of the same size and kind) close enough to trim a chat by.
"""

import re
from functools import lru_cache
from typing import Protocol

from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

from app.prompts.template import PromptFormat

# What is one token by itself. v1 spells [INST] with ordinary tokens, v3 has control tokens for it.
_CONTROL = {False: re.compile(r"</?s>"), True: re.compile(r"</?s>|\[/?INST\]")}


class _Tokenizer(Protocol):
    def encode(self, s: str, bos: bool, eos: bool) -> list[int]: ...


@lru_cache(maxsize=2)
def _load(is_v3: bool) -> _Tokenizer:
    mistral = MistralTokenizer.v3() if is_v3 else MistralTokenizer.v1()
    return mistral.instruct_tokenizer.tokenizer


def count_prompt_tokens(prompt: str, prompt_format: PromptFormat) -> int:
    """Tokens of a rendered prompt, with the BOS that the server adds.

    Between control tokens the sentencepiece tokenizer adds a space of its own, so one leading space of each piece
    belongs to the format and is not counted again (measured: without that, every count is wrong).
    """
    is_v3 = prompt_format is PromptFormat.MISTRAL_V3
    control, tokenizer = _CONTROL[is_v3], _load(is_v3)
    pieces = control.split(prompt)
    texts = [piece.removeprefix(" ") for piece in pieces]
    return 1 + (len(pieces) - 1) + sum(len(tokenizer.encode(text, bos=False, eos=False)) for text in texts if text)
