"""Lines of bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BackendFailed
from app.wire.lines import LINE_LIMIT_BYTES, LineSplitter

FEEDS = re.compile(rb"\r?\n")
ANY = re.compile(rb"\r\n|\r|\n")


@given(st.lists(st.text(alphabet="a\r\n\u2028", max_size=6).map(str.encode)))
def test_the_pieces_make_no_difference(chunks: list[bytes]) -> None:
    for line_end in (FEEDS, ANY):
        splitter = LineSplitter(line_end)
        lines = [line for chunk in chunks for line in splitter.feed(chunk)]
        whole = line_end.split(b"".join(chunks))
        rest = splitter.close()
        # A carriage return at the very end may be half of an end.
        assert [*lines, rest] == whole or [*lines, *line_end.split(rest)] == whole


def test_a_line_without_an_end_is_given_up() -> None:
    splitter = LineSplitter(FEEDS)
    assert list(splitter.feed(b"x" * LINE_LIMIT_BYTES)) == []
    with pytest.raises(BackendFailed):
        list(splitter.feed(b"x"))
