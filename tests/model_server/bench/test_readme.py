"""The tables go between two marks, and nothing else of a README changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_server.bench.errors import BenchError
from model_server.bench.readme import BEGIN_MARK, END_MARK, replace_section, write_section

README = Path(__file__).resolve().parents[3] / "README.md"


def test_what_is_between_the_marks_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"# Title\n\n{BEGIN_MARK}\nold\n{END_MARK}\n\nrest\n", encoding="utf-8")
    for section in ("| one |\n", "| two |\n"):
        write_section(file, section)
        assert file.read_text(encoding="utf-8") == f"# Title\n\n{BEGIN_MARK}\n{section}{END_MARK}\n\nrest\n"


@pytest.mark.parametrize(
    "text",
    [
        "none",
        BEGIN_MARK,
        f"{END_MARK} {BEGIN_MARK}",
        f"{BEGIN_MARK} {BEGIN_MARK} {END_MARK}",
        f"{BEGIN_MARK} {END_MARK * 2}",
    ],
)
def test_marks_that_are_not_once_each_and_in_order_are_refused(text: str) -> None:
    with pytest.raises(BenchError, match="README needs"):
        replace_section(text, "tables")


def test_our_readme_has_the_marks() -> None:
    assert "tables" in replace_section(README.read_text(encoding="utf-8"), "tables")
