"""The language of the bench's model: 4,096 tokens, of which a word with the space before it is always exactly one.

So a prompt of a wanted length can be written down, and the text of an answer, sent back, is the tokens that were made.
The form is byte-level BPE with hand-made merges, which every server that is measured can read.
"""

from __future__ import annotations

from functools import cache
from itertools import islice, product
from random import Random

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
UNKNOWN_ID, BEGIN_ID, END_ID = 0, 1, 2
VOCABULARY_SIZE = 4096
SPACE = "Ġ"  # how byte-level tokenizers write it

SYLLABLES = tuple(consonant + vowel for consonant, vowel in product("bcdfghjklmnpqrstvwxyz", "aeiou"))
WORD_PAIRS = tuple(islice(product(SYLLABLES, SYLLABLES), 1866))
WORDS = tuple(first + second for first, second in WORD_PAIRS)


@cache
def token_ids() -> dict[str, int]:
    """Return every token with its id: control strings, bytes, syllables, words, words with their space."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [UNKNOWN, BEGIN, END, *alphabet, *SYLLABLES, *WORDS, *(SPACE + word for word in WORDS)]
    return {token: number for number, token in enumerate(tokens)}


def spoken_token_ids() -> list[int]:
    """Return the tokens that the model may answer with: words with their space, never the end."""
    return [token_ids()[SPACE + word] for word in WORDS]


def merges() -> list[tuple[str, str]]:
    """Return the merges in their order: letters to syllables, syllables to words, space and word to one token."""
    return [
        *((syllable[0], syllable[1]) for syllable in SYLLABLES),
        *WORD_PAIRS,
        *((SPACE, word) for word in WORDS),
    ]


def build_tokenizer() -> Tokenizer:
    """Return the tokenizer, which puts the begin token in front of a text."""
    tokenizer = Tokenizer(models.BPE(vocab=token_ids(), merges=merges(), unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in (UNKNOWN, BEGIN, END)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, BEGIN_ID)]
    )
    return tokenizer


def write_words(number: int, count: int) -> str:
    """Return `count` words, each one token. Of two different numbers the first words differ: no server can reuse one.

    (Numbers count up; from 1,866 on first words come again.)
    """
    source = Random(number)
    return "".join(f" {word}" for word in [WORDS[number % len(WORDS)], *source.choices(WORDS, k=count - 1)])


def write_prompt(number: int, tokens: int) -> str:
    """Return a prompt of so many tokens, the begin token included, which every server puts in front itself."""
    return write_words(number, tokens - 1)
