"""Results as Markdown: the two tables in the published shape, all other figures, and how to read them. Pure."""

from collections.abc import Callable, Iterable
from itertools import groupby

from app.loadtest.figures import Figures
from app.loadtest.plan import Rate, Rounds
from app.loadtest.results import Cell, CellState, Results
from app.loadtest.tables import NONE, markdown_table, number, share, significant

_PARTIAL_MARK = "\\*"


def render_report(results: Results) -> str:
    """One piece of Markdown, without a headline above all."""
    parts = [
        describe_run(results),
        f"Throughput, tokens/s, by {_load_name(results)}:",
        _grid(results, lambda figures: figures.tokens_per_second),
        f"p50 latency, ms/token, by {_load_name(results)}:",
        _grid(results, lambda figures: figures.latency_milliseconds_per_token),
        *_reasons(results),
        "Everything else:",
        _details(results),
        *_turns(results),
        _reading(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def describe_run(results: Results) -> str:
    """What was measured, on what and when, in a few sentences."""
    plan, made = results.plan, results.circumstances
    length = (
        f"{plan.length.count} round{'s' * (plan.length.count > 1)}"
        if isinstance(plan.length, Rounds)
        else f"{plan.length.seconds:g} s for each cell"
    )
    chats = f", chats of {plan.turns} turns" if plan.turns > 1 else ""
    generator = made.generator
    versions = ", ".join(f"{name} {value}" for name, value in generator.items() if name not in ("processor", "cores"))
    return (
        f"**{made.label}**: {made.model} (window {made.window_tokens:,} tokens) by {made.backend}, {made.date}. "
        f"{plan.output_tokens} output tokens, {length}{chats}, seed {plan.seed}; "
        f"asked from {generator['processor']}, {generator['cores']} cores, {versions}."
        + (f" **Not complete: {results.stopped}**" if results.stopped else "")
    )


def _load_name(results: Results) -> str:
    return "questions a second" if isinstance(results.plan.loads[0], Rate) else "users"


def _grid(results: Results, figure: Callable[[Figures], float | None]) -> str:
    header = ["input words", *(str(load) for load in results.plan.loads)]
    rows = [
        [str(words), *(_grid_entry(cell, figure) for cell in results.cells if cell.key.input_words == words)]
        for words in results.plan.input_words
    ]
    return markdown_table(header, rows)


def _grid_entry(cell: Cell, figure: Callable[[Figures], float | None]) -> str:
    value = figure(cell.figures) if cell.figures else None
    if value is None:
        return NONE
    return significant(value) + _PARTIAL_MARK * (cell.state is CellState.PARTIAL)


def _reasons(results: Results) -> Iterable[str]:
    """Why cells are empty or partial; neighbours in a row that share a reason in one line."""
    cells = [cell for cell in results.cells if cell.reason]
    lines = []
    for (words, state, reason), group in groupby(cells, lambda cell: (cell.key.input_words, cell.state, cell.reason)):
        loads = ", ".join(str(cell.key.load) for cell in group)
        mark = _PARTIAL_MARK * (state is CellState.PARTIAL)
        lines.append(f"- {words} words, {_load_name(results)} {loads}{mark}: {reason}")
    if lines:
        yield f"{NONE} not measured, {_PARTIAL_MARK} only in part:\n\n" + "\n".join(lines)


def _details(results: Results) -> str:
    header = ["input words", _load_name(results), "answered / asked", "tokens each", "first text p50 / p95 / p99, ms"]
    header += ["between texts p99, ms", "errors", "429", "goodput, answers/s (share)", "prompt tokens reused"]
    has_price = results.plan.price_per_hour is not None
    is_rate = isinstance(results.plan.loads[0], Rate)
    header += ["sent late p99, ms"] * is_rate + ["cost of 1 M tokens"] * has_price
    rows = [_detail(cell, cell.figures, is_rate, has_price) for cell in results.cells if cell.figures]
    return markdown_table(header, rows) if rows else "Nothing was measured."


def _detail(cell: Cell, figures: Figures, is_rate: bool, has_price: bool) -> list[str]:
    first = figures.first_token_milliseconds
    return [
        str(cell.key.input_words),
        str(cell.key.load) + _PARTIAL_MARK * (cell.state is CellState.PARTIAL),
        f"{figures.answered} / {figures.requests}",
        number(figures.output_tokens / figures.answered) if figures.answered else NONE,
        NONE if first is None else f"{number(first.p50)} / {number(first.p95)} / {number(first.p99)}",
        number(figures.between_texts_p99_milliseconds),
        share(figures.error_share),
        share(figures.refused_share),
        f"{significant(figures.goodput_per_second)} ({share(figures.good_share)})",
        share(figures.cached_tokens / figures.prompt_tokens) if figures.prompt_tokens else NONE,
        *([significant(figures.late_p99_milliseconds)] * is_rate),
        *([significant(figures.cost_per_million_tokens)] * has_price),
    ]


def _turns(results: Results) -> Iterable[str]:
    if results.plan.turns == 1:
        return
    header = ["input words", "users", "turn", "prompt tokens", "of these reused", "first text, ms"]
    rows = [
        [
            str(cell.key.input_words),
            str(cell.key.load),
            str(turn.turn),
            number(turn.prompt_tokens),
            number(turn.cached_tokens),
            number(turn.first_token_milliseconds),
        ]
        for cell in results.cells
        if cell.figures
        for turn in cell.figures.turns
    ]
    yield "Chats that grow, medians by turn:"
    yield markdown_table(header, rows)


def _reading(results: Results) -> str:
    """How each figure is defined."""
    objective = results.plan.objective
    limits = [
        f"at most {value:g} {unit}"
        for value, unit in (
            (objective.milliseconds_per_token, "ms/token"),
            (objective.first_token_milliseconds, "ms to the first text"),
        )
        if value is not None
    ]
    sentences = [
        "*Throughput*: output tokens of whole answers ÷ time from the first question to the end of the last answer. ",
        (
            "*Latency*: median over answers of duration ÷ output tokens. "
            "*First text* and *latency* count from when the question was due, so that waiting is never hidden. "
            "*Between texts*: gaps between two pieces of text, of which one may carry several tokens. "
            "*429*: the target was busy or not ready; *errors*: all else that failed, time limits "
            f"({results.plan.limits.timeout_seconds:g} s) included. Nothing was asked twice. "
        ),
        f"*Goodput*: whole answers{' with ' + ' and '.join(limits) if limits else '; no objective was set'}. ",
        "Percentiles lie straight between neighbouring values. ",
    ]
    if results.plan.price_per_hour is not None:
        sentences.append(f"*Cost*: {results.plan.price_per_hour:g} an hour, for output tokens alone. ")
    if any(cell.tokens_counted_here for cell in results.cells):
        sentences.append("The target does not count its tokens: they were counted with mistral-common. ")
    return "".join(sentences).strip()
