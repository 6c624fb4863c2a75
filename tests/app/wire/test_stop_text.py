"""Cutting at stop texts, however the text comes."""

from hypothesis import given
from hypothesis import strategies as st

from app.wire.stop_text import StopText


def shown(pieces: list[str], *stops: str) -> tuple[str, bool]:
    stop_text = StopText(stops)
    text = "".join(map(stop_text.feed, pieces))
    return text + stop_text.flush(), stop_text.is_reached


def test_the_answer_ends_where_a_stop_text_begins() -> None:
    assert shown(["Hello", "</s>", "more"], "</s>") == ("Hello", True)


def test_a_stop_text_may_come_in_pieces() -> None:
    assert shown(["Hello<", "/", "s>more"], "</s>") == ("Hello", True)


def test_what_may_become_a_stop_text_waits_and_nothing_else_does() -> None:
    stop_text = StopText(("</s>",))
    assert stop_text.feed("a</") == "a"
    assert stop_text.feed("b<") == "</b"
    assert stop_text.feed("i>") == "<i>"


def test_what_turns_out_to_be_no_stop_text_is_shown_at_the_end() -> None:
    assert shown(["a</", "s"], "</s>") == ("a</s", False)


def test_without_stop_texts_everything_is_shown_at_once() -> None:
    assert shown(["a", ""], "") == ("a", False)


def test_the_stop_text_that_is_complete_first_ends_the_answer() -> None:
    for pieces in (["abcde"], list("abcde")):
        assert shown(pieces, "abcde", "bcd") == ("a", True)
        assert shown(pieces, "cd", "bcd") == ("a", True)


TEXTS = st.text(alphabet="ab#", max_size=12)


@given(TEXTS, st.lists(TEXTS.filter(bool), max_size=3))
def test_the_pieces_make_no_difference(text: str, stops: list[str]) -> None:
    assert shown(list(text), *stops) == shown([text], *stops)


@given(st.lists(TEXTS), st.lists(TEXTS.filter(bool), max_size=3))
def test_nothing_is_lost_but_what_a_stop_text_ends(pieces: list[str], stops: list[str]) -> None:
    text = "".join(pieces)
    answer, is_reached = shown(pieces, *stops)
    assert is_reached == any(stop in text for stop in stops)
    assert text.startswith(answer)
    assert answer == text or any(text.startswith(stop, len(answer)) for stop in stops)
