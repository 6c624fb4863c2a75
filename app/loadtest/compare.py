"""Two runs side by side: the ratio of each cell that both have, in Markdown. Pure."""

from collections.abc import Iterable

from app.loadtest.errors import LoadtestError
from app.loadtest.figures import Figures
from app.loadtest.plan import CellKey
from app.loadtest.report import describe_run
from app.loadtest.results import Results
from app.loadtest.tables import NONE, markdown_table, number, significant


def render_comparison(first: Results, second: Results) -> str:
    """Of cells with the same input size and load. A ratio is the second run's figure ÷ the first's.

    Raises LoadtestError where one run has users and the other a rate.
    """
    if len({type(load) for run in (first, second) for load in run.plan.loads}) > 1:
        raise LoadtestError("One run was asked by users, the other at a rate; they cannot be compared.")
    header = ["input words", "load", "tokens/s", "×", "ms/token", "×", "first text p50, ms", "×"]
    has_costs = None not in (first.plan.price_per_hour, second.plan.price_per_hour)
    header += ["cost of 1 M tokens", "×"] * has_costs
    rows = [_row(key, one, other, has_costs) for key, one, other in _pairs(first, second)]
    return "\n\n".join(
        [
            f"A: {describe_run(first)}",
            f"B: {describe_run(second)}",
            *_differences(first, second),
            markdown_table(header, rows) if rows else "The two runs have no cell in common.",
            "Each pair of figures is A → B; × is B ÷ A.\n",
        ]
    )


def _pairs(first: Results, second: Results) -> Iterable[tuple[CellKey, Figures, Figures]]:
    others = {cell.key: cell.figures for cell in second.cells}
    for cell in first.cells:
        figures = others.get(cell.key)
        if cell.figures and figures:
            yield cell.key, cell.figures, figures


def _row(key: CellKey, one: Figures, other: Figures, has_costs: bool) -> list[str]:
    first, second = one.first_token_milliseconds, other.first_token_milliseconds
    return [
        str(key.input_words),
        str(key.load),
        *_pair(one.tokens_per_second, other.tokens_per_second),
        *_pair(one.latency_milliseconds_per_token, other.latency_milliseconds_per_token),
        *_pair(first.p50 if first else None, second.p50 if second else None),
        *(_pair(one.cost_per_million_tokens, other.cost_per_million_tokens) if has_costs else ()),
    ]


def _pair(one: float | None, other: float | None) -> tuple[str, str]:
    ratio = NONE if not one or other is None else number(other / one, 2)
    return f"{significant(one)} → {significant(other)}", ratio


def _differences(first: Results, second: Results) -> Iterable[str]:
    """What keeps two runs from being compared."""
    if first.plan.output_tokens != second.plan.output_tokens:
        yield f"**Not the same work: {first.plan.output_tokens} and {second.plan.output_tokens} output tokens.**"
    if first.plan.turns != second.plan.turns:
        yield f"**Not the same work: chats of {first.plan.turns} and of {second.plan.turns} turns.**"
