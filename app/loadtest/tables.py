"""Markdown tables from rows. Pure."""

from collections.abc import Iterable, Sequence

NONE = "–"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """All columns are figures and stand to the right."""
    lines = [header, ["---:"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, decimals: int = 0) -> str:
    """With commas between thousands; a dash where there is none."""
    return NONE if value is None else f"{value:,.{decimals}f}"


def significant(value: float | None) -> str:
    """Whole numbers from 100 on, one decimal below, two below 10."""
    if value is None:
        return NONE
    return number(value, 0 if value >= 99.95 else 1 if value >= 9.995 else 2)


def share(value: float) -> str:
    return f"{value:.1%}" if value else "0"
