"""How an answer came about, as figures, and the table that shows those of two answers side by side.

The figures hold no word of the answer: they stay with the server between two questions, and texts do not.
"""

from dataclasses import dataclass
from html import escape

from app.generation import FinishReason
from app.ui.cost import dollars_per_million_tokens
from app.ui.messages import Answer

_HEADINGS = ("", "First token", "Tokens/s", "Tokens in", "Reused", "Tokens out", "Ended", "About $/1M out")
_NOT_KNOWN = "–"
_COST_NOTE = (
    "Cost: about the price of an hour ÷ the tokens of an hour at this speed, for one stream at a time; "
    "a busy server shares it among many."
)


@dataclass(frozen=True, slots=True)
class Figures:
    """`ended` is empty while the answer is made. None is what nobody has counted or measured."""

    answered_by: str
    ended: str = ""
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was not sent after all, and why."""

    text: str
    reason: str


# What has become of the newest message in one pane; None where it was not asked.
Outcome = Figures | Refusal | None


def figures_of(answer: Answer) -> Figures:
    finished = answer.finished
    usage, timings = (finished.usage, finished.timings) if finished else (None, None)
    return Figures(
        answer.backend_label,
        _ended(answer),
        timings.first_token_seconds if timings else None,
        answer.tokens_per_second,
        usage.prompt_tokens if usage else None,
        usage.cached_tokens if usage else None,
        usage.completion_tokens if usage else None,
    )


def _ended(answer: Answer) -> str:
    if answer.error:
        return "failed"
    if answer.is_stopped:
        return "stopped"
    if answer.finished:
        return "cut" if answer.finished.reason is FinishReason.LENGTH else "complete"
    return ""


def figures_table(left: Outcome, right: Outcome, left_price: float | None, right_price: float | None) -> str:
    """HTML; empty where there is nothing to show. Prices are dollars an hour."""
    if left is None and right is None:
        return ""
    rows = _row("Left", left, left_price) + _row("Right", right, right_price)
    headings = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
    return f"<table><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table><p>{_COST_NOTE}</p>"


def _row(side: str, outcome: Outcome, price: float | None) -> str:
    name = side
    cells = [_NOT_KNOWN] * (len(_HEADINGS) - 1)
    if isinstance(outcome, Refusal):
        cells[5] = "not sent"
    elif outcome is not None:
        name = f"{side} · {outcome.answered_by}"
        cells = _cells(outcome, price)
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _cells(figures: Figures, price: float | None) -> list[str]:
    cost = dollars_per_million_tokens(price, figures.tokens_per_second)
    return [
        _shown(figures.first_token_seconds, "{:.2f} s"),
        _shown(figures.tokens_per_second, "{:,.1f}"),
        _shown(figures.prompt_tokens, "{:,}"),
        _shown(figures.cached_tokens, "{:,}"),
        _shown(figures.completion_tokens, "{:,}"),
        figures.ended or "…",
        _shown(cost, "{:,.2f}"),
    ]


def _shown(figure: float | None, form: str) -> str:
    return _NOT_KNOWN if figure is None else form.format(figure)
