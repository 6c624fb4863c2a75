"""Turns conversations into batches of token ids, endless and seeded; only answers are to be learned."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from model_server.demo_training.corpus.dialogue import dialogue
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.turns import Dialogue, Turn
from model_server.demo_training.tokenizer import BEGIN_ID, END_ID, WINDOW_TOKENS

IGNORED = -100
"""The label of a token that is not learned, as transformers defines it."""

POOL_DIALOGUES = 512
"""So many conversations are sorted by length at a time, so that little of a batch is padding."""

LENGTH_STEP = 32
"""Batch lengths are rounded up to this, so that few different shapes occur."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A conversation as token ids, and for each token whether it is to be learned."""

    ids: list[int]
    learned: list[bool]


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids and labels, each of shape (conversations, tokens). Padding is on the right and has no label."""

    ids: torch.Tensor
    labels: torch.Tensor


def user_text(turn: Turn, system: str) -> str:
    """Return the text of a user message in the prompt form, with the system text in front of it."""
    return f" [INST] {system + chr(10) * 2 if system else ''}{turn.user} [/INST]"


def encode(tokenizer: Tokenizer, conversation: Dialogue) -> Encoded:
    """Return the ids of a conversation in Mistral's v1 form. Turns that do not fit the window are left out."""
    texts: list[str] = []
    for index, turn in enumerate(conversation.turns):
        texts += [user_text(turn, conversation.system if index == 0 else ""), " " + turn.assistant]
    pieces = tokenizer.encode_batch(texts, add_special_tokens=False)
    ids, learned = [BEGIN_ID], [False]
    for turn, asked, answered in zip(conversation.turns, pieces[::2], pieces[1::2], strict=True):
        length = len(asked.ids) + len(answered.ids) + 1
        if len(ids) + length > WINDOW_TOKENS:
            break
        ids += [*asked.ids, *answered.ids, END_ID]
        learned += [False] * len(asked.ids) + [turn.is_learned] * (len(answered.ids) + 1)
    return Encoded(ids, learned)


def collate(rows: list[Encoded]) -> Batch:
    """Return the rows as one padded batch."""
    longest = max(len(row.ids) for row in rows)
    width = min(-(-longest // LENGTH_STEP) * LENGTH_STEP, WINDOW_TOKENS)
    ids = torch.full((len(rows), width), END_ID)
    labels = torch.full((len(rows), width), IGNORED)
    for index, row in enumerate(rows):
        length = len(row.ids)
        ids[index, :length] = torch.tensor(row.ids)
        labels[index, :length] = torch.where(torch.tensor(row.learned), torch.tensor(row.ids), IGNORED)
    return Batch(ids, labels)


def tokenizer_texts(source: Source, dialogues: int) -> Iterator[str]:
    """Yield the pieces of text that a tokenizer is trained on."""
    for _ in range(dialogues):
        conversation = dialogue(source)
        for turn in conversation.turns:
            yield user_text(turn, conversation.system)
            yield " " + turn.assistant


def batches(tokenizer: Tokenizer, source: Source, tokens_per_batch: int) -> Iterator[Batch]:
    """Yield batches of about this many tokens for ever."""
    while True:
        pool = [encode(tokenizer, dialogue(source)) for _ in range(POOL_DIALOGUES)]
        pool.sort(key=lambda row: len(row.ids))
        groups: list[list[Encoded]] = [[]]
        for row in pool:
            if len(row.ids) * (len(groups[-1]) + 1) > tokens_per_batch and groups[-1]:
                groups.append([])
            groups[-1].append(row)
        source.random.shuffle(groups)
        yield from (collate(group) for group in groups)
