"""Batches: only answers are learned, everything fits the window, and the stream is the same for the same seed."""

from itertools import islice
from pathlib import Path

import torch

from model_server.demo_training.batches import IGNORED, LENGTH_STEP, batches, collate, encode
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.turns import Dialogue, Turn
from model_server.demo_training.tokenizer import END_ID, WINDOW_TOKENS, load_tokenizer

TOKENIZER = load_tokenizer(Path(__file__).parents[3] / "model_server" / "demo_model")


def test_only_answers_and_their_ends_are_learned() -> None:
    batch = collate([encode(TOKENIZER, Dialogue((Turn("Hello", "Hi!"), Turn("Bye", "See you!")), "Be brief."))])
    learned = batch.labels[batch.labels != IGNORED].tolist()
    assert TOKENIZER.decode(learned, skip_special_tokens=False) == " Hi!</s> See you!</s>"


def test_a_stopped_answer_stands_in_the_history_but_is_not_learned() -> None:
    encoded = encode(TOKENIZER, Dialogue((Turn("Count", "1, 2, 3", is_learned=False), Turn("Bye", "Bye!"))))
    batch = collate([encoded])
    learned = batch.labels[batch.labels != IGNORED].tolist()
    assert TOKENIZER.decode(learned, skip_special_tokens=False) == " Bye!</s>"
    assert "1, 2, 3" in TOKENIZER.decode(encoded.ids)


def test_turns_that_do_not_fit_the_window_are_left_out() -> None:
    encoded = encode(TOKENIZER, Dialogue(tuple(Turn("word " * 100, "word " * 100) for _ in range(20))))
    assert len(encoded.ids) <= WINDOW_TOKENS
    assert encoded.ids[-1] == END_ID


def test_batches_have_about_the_asked_size_and_round_widths() -> None:
    for batch in islice(batches(TOKENIZER, Source(1), 2048), 20):
        assert batch.ids.shape == batch.labels.shape
        assert batch.ids.shape[1] % LENGTH_STEP == 0 or batch.ids.shape[1] == WINDOW_TOKENS
        assert batch.ids.numel() <= 2048 + LENGTH_STEP * batch.ids.shape[0]


def test_the_same_seed_gives_the_same_batches() -> None:
    first, second = (list(islice(batches(TOKENIZER, Source(3), 1024), 3)) for _ in range(2))
    assert all(torch.equal(one.ids, other.ids) for one, other in zip(first, second, strict=True))
