"""Lets a trained model answer many conversations at once, greedily or with the page's sampling settings."""

import enum
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import MistralForCausalLM

from model_server.demo_training.batches import user_text
from model_server.demo_training.corpus.turns import Dialogue
from model_server.demo_training.tokenizer import BEGIN_ID, END_ID, WINDOW_TOKENS, load_tokenizer

BATCH_CONVERSATIONS = 50


class Sampling(enum.Enum):
    """How the next token is chosen."""

    GREEDY = "greedy"
    PAGE_DEFAULT = "sampled"


_SETTINGS: dict[Sampling, dict[str, Any]] = {
    Sampling.GREEDY: {"do_sample": False},
    Sampling.PAGE_DEFAULT: {
        "do_sample": True,
        "temperature": 0.9,
        "top_p": 0.6,
        "top_k": 50,
        "repetition_penalty": 1.03,
    },
}


class Answerer:
    """A model with its tokenizer, read from a directory."""

    def __init__(self, directory: Path) -> None:
        self.tokenizer: Tokenizer = load_tokenizer(directory)
        self.model: MistralForCausalLM = MistralForCausalLM.from_pretrained(directory, dtype=torch.float32)
        self.model.train(False)

    def prompt_ids(self, conversation: Dialogue) -> list[int]:
        """Return the ids up to the point where the last answer begins, in Mistral's v1 form."""
        ids = [BEGIN_ID]
        for index, turn in enumerate(conversation.turns):
            ids += self._ids(user_text(turn, conversation.system if index == 0 else ""))
            if index < len(conversation.turns) - 1:
                ids += [*self._ids(" " + turn.assistant), END_ID]
        return ids

    def answers(self, conversations: list[Dialogue], sampling: Sampling, max_tokens: int = 160) -> list[str]:
        """Return an answer to the last message of each conversation; their last answers are not looked at."""
        prompts = [self.prompt_ids(conversation) for conversation in conversations]
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        texts = [""] * len(prompts)
        for start in range(0, len(order), BATCH_CONVERSATIONS):
            group = order[start : start + BATCH_CONVERSATIONS]
            for index, text in zip(
                group, self._generate([prompts[i] for i in group], sampling, max_tokens), strict=True
            ):
                texts[index] = text
        return texts

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    @torch.inference_mode()
    def _generate(self, prompts: list[list[int]], sampling: Sampling, max_tokens: int) -> list[str]:
        """Return the answers of one batch, padded on the left."""
        width = max(map(len, prompts))
        ids = torch.tensor([[END_ID] * (width - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        made = self.model.generate(  # type: ignore[misc]  # its annotation of self is wrong
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=min(max_tokens, WINDOW_TOKENS - width),
            pad_token_id=END_ID,
            **_SETTINGS[sampling],
        )
        return [text.strip() for text in self.tokenizer.decode_batch(made[:, width:].tolist())]
