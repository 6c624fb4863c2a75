"""Puts the tables into a README, between two marks; everything else of it stays as it is."""

from __future__ import annotations

from pathlib import Path

from model_server.bench.errors import BenchError

BEGIN_MARK = "<!-- bench:begin -->"
END_MARK = "<!-- bench:end -->"


def replace_section(text: str, section: str) -> str:
    """Return `text` with `section` between the marks; raise BenchError unless they are there once each."""
    before, begin, rest = text.partition(BEGIN_MARK)
    _, end, after = rest.partition(END_MARK)
    if not begin or not end or BEGIN_MARK in rest or END_MARK in before + after:
        raise BenchError(f"The README needs {BEGIN_MARK} and then {END_MARK}, once each; the tables go between them.")
    return f"{before}{BEGIN_MARK}\n{section.strip()}\n{END_MARK}{after}"


def write_section(readme: Path, section: str) -> None:
    readme.write_text(replace_section(readme.read_text(encoding="utf-8"), section), encoding="utf-8")
