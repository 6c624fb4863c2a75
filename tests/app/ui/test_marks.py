"""Texts on their way into the chat and out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.marks import MARK, marked, unmarked

tricky = st.lists(st.sampled_from([*f"<>$`~\n \t{MARK}x5/!\\", "```", "~~~", "<b", "$x$"]), max_size=40).map("".join)


@given(text=st.one_of(st.text(), tricky))
def test_what_was_marked_comes_back_byte_for_byte(text: str) -> None:
    assert unmarked(marked(text)) == text


@given(text=tricky)
def test_outside_of_code_nothing_can_begin_a_tag(text: str) -> None:
    if "```" not in text and "~~~" not in text:
        assert not any(tag in marked(text) for tag in ("<b", "<x", "</", "<!"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <b>c</b>", "a <|b>c<|/b>"),
        ("a < b, 1 <2 and 3<4", "a < b, 1 <2 and 3<4"),
        ("```html\n<b>\n```\n<i>", "```html\n<b>\n```\n<|i>"),
        ("~~~\n<b>", "~~~\n<b>"),  # not closed yet
        ("$x^2$ and $a_1$.", "$|x^2|$ and $|a_1|$."),
        ("$5 and $6", "$5 and $6"),
        ("from $ 5 or $ x $", "from $ 5 or $ x $"),
        ("$$x$$ and \\$x$", "$$x$$ and \\$x$"),
        ("US$5 or A$x$", "US$5 or A$x$"),
    ],
)
def test_tags_and_mathematics_are_marked_and_code_and_prices_are_not(text: str, shown: str) -> None:
    assert marked(text) == shown.replace("|", MARK)


def test_a_mark_that_was_torn_off_disappears() -> None:
    assert unmarked(f"a <{MARK} b") == "a < b"
