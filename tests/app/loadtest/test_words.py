"""The words of questions."""

from hypothesis import given
from hypothesis import strategies as st

from app.loadtest.words import write_words
from app.prompts.template import PromptFormat
from app.prompts.token_count import count_prompt_tokens


@given(st.integers(0, 10**6), st.integers(0, 10**8), st.integers(1, 300))
def test_a_text_has_exactly_its_words_and_is_the_same_for_a_seed(seed: int, number: int, count: int) -> None:
    text = write_words(seed, number, count)
    assert len(text.split()) == count
    assert text == write_words(seed, number, count)
    assert text.endswith(".")


@given(st.integers(0, 10**6), st.integers(0, 10**7), st.integers(1, 10**6))
def test_no_two_texts_of_a_run_begin_with_the_same_three_words(seed: int, number: int, distance: int) -> None:
    first, other = write_words(seed, number, 8).split()[:3], write_words(seed, number + distance, 8).split()[:3]
    assert first != other


def test_texts_that_follow_each_other_differ_in_their_first_word() -> None:
    assert len({write_words(1, number, 4).split()[0] for number in range(400)}) == 400


def test_another_seed_begins_with_other_words() -> None:
    assert len({write_words(seed, 1, 4) for seed in range(100)}) == 100


def test_words_have_a_realistic_length() -> None:
    """English prose: 4 to 6 characters a word; a word is a little more than a token."""
    text = write_words(1, 1, 2000)
    assert 4 < len(text.replace(" ", "").replace(".", "")) / 2000 < 6
    assert 1.0 < count_prompt_tokens(text, PromptFormat.MISTRAL_V1) / 2000 < 1.5
