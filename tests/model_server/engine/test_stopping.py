from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model_server.engine.stopping import StopFilter

LETTERS = st.text("ab<", min_size=1, max_size=4)


def run(stops: tuple[str, ...], pieces: list[str]) -> tuple[str, bool]:
    """Return all the text that was shown, and whether a stop string was met."""
    stop_filter = StopFilter(stops)
    shown = ""
    for piece in pieces:
        text, is_stopped = stop_filter.feed(piece)
        shown += text
        if is_stopped:
            return shown, True
    return shown + stop_filter.flush(), False


def test_a_stop_string_across_pieces_is_found_and_not_shown() -> None:
    assert run(("User:",), ["Fine.\nUs", "er", ": and"]) == ("Fine.\n", True)


def test_a_beginning_that_does_not_become_a_stop_string_is_shown_later() -> None:
    stop_filter = StopFilter(("###",))
    assert stop_filter.feed("a##") == ("a", False)
    assert stop_filter.feed("b") == ("##b", False)


def test_held_text_is_shown_at_the_end() -> None:
    assert run(("###",), ["a##"]) == ("a##", False)


def test_the_earliest_stop_string_counts() -> None:
    assert run(("late", "early"), ["an early and a late one"]) == ("an ", True)


def test_without_stop_strings_nothing_is_held() -> None:
    assert StopFilter(()).feed("text") == ("text", False)


@given(st.lists(LETTERS, min_size=1, max_size=3), st.lists(st.text("ab<", max_size=5), max_size=12))
def test_however_it_is_cut_the_text_before_the_first_stop_string_is_shown(stops: list[str], pieces: list[str]) -> None:
    shown, is_stopped = run(tuple(stops), pieces)
    whole = "".join(pieces)
    assert is_stopped == any(stop in whole for stop in stops)
    assert whole.startswith(shown)
    assert not any(stop in shown for stop in stops)
    if not is_stopped:
        assert shown == whole


@given(st.text("ab<", max_size=30), LETTERS)
def test_one_stop_string_gives_what_partition_gives(text: str, stop: str) -> None:
    assert run((stop,), list(text))[0] == text.partition(stop)[0]
