"""Words of others, made harmless."""

import html

from hypothesis import given
from hypothesis import strategies as st

from app.ui.plain import plain_endpoint_name, plain_model_id, shown_as_text


def test_names_as_they_usually_are_stay_as_they_are() -> None:
    assert plain_model_id("mistralai/Mistral-7B-Instruct-v0.2") == "mistralai/Mistral-7B-Instruct-v0.2"
    assert plain_endpoint_name("my-endpoint/component-1") == "my-endpoint/component-1"


@given(st.text())
def test_nothing_in_a_name_is_a_mark(name: str) -> None:
    assert not set("`<>&*[]()\\$\n") & set(plain_model_id(name))
    assert not set("`<>&*[]()\\$\n_:.@!~#|") & set(plain_endpoint_name(name))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])))
def test_words_that_are_shown_as_text_lose_nothing_and_mean_nothing(words: str) -> None:
    shown = shown_as_text(words)
    assert not set("<>`*_[]()$\n\\\"'") & set(shown)
    assert html.unescape(shown) == words
