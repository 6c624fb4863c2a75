"""The tables, in Markdown: medians over the rounds, ratios, spread, and what they were made on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from model_server.bench.figures import Cell, median_cell, median_ratio, spread
from model_server.bench.growing_chat import Turn
from model_server.bench.rounds import Plan, Results
from model_server.bench.targets import LIMIT, LLAMA, TITLES, TRANSFORMERS

NONE = "–"
SHOWN_TURNS = (1, 5, 10, 20)
RATIOS = {LIMIT: "of the limit", TRANSFORMERS: "× transformers", LLAMA: "× llama-server"}


def render(plan: Plan, results: Results, machine: Mapping[str, str]) -> str:
    """Return everything that was measured, as one piece of Markdown."""
    parts = [_made_on(plan, machine), _throughput_table(plan, results), _reading(results)]
    parts += _missing(results)
    if plan.chat_turns and all(results.chats.values()):
        parts += [_chat_caption(plan), _chat_table(results.chats)]
    return "\n\n".join(parts) + "\n"


def _made_on(plan: Plan, machine: Mapping[str, str]) -> str:
    facts = ", ".join(
        f"{name} {value}" for name, value in machine.items() if name not in ("processor", "cores", "date")
    )
    streams = _listed(plan.streams)
    return (
        f"Made by `make bench` on {machine['date']}: {machine['processor']}, {machine['cores']} cores; {facts}. "
        f"A random model of the shape above in {plan.workload.number_format}, {plan.prompt_tokens} tokens in, "
        f"{plan.answer_tokens} out, greedy, {streams} streams at once; one server at a time, load client on the same "
        f"cores; medians of {plan.rounds} rounds, in which the servers take turns."
    )


def _throughput_table(plan: Plan, results: Results) -> str:
    header = ["streams", "server", "tokens/s (least – most)", *RATIOS.values()]
    header += ["first text p50 / p99, ms", "between texts p50 / p99, ms", "CPU ms per token", "memory, MB"]
    rows = [
        _throughput_row(name, streams, results)
        for streams in plan.streams
        for name in TITLES
        if streams in results.cells.get(name, {})
    ]
    return _table(header, rows)


def _throughput_row(name: str, streams: int, results: Results) -> list[str]:
    cells = results.cells[name][streams]
    middle = median_cell(cells)
    least, most = spread(cells, lambda cell: cell.tokens_per_second)
    return [
        str(streams),
        TITLES[name],
        f"{middle.tokens_per_second:,.0f} ({least:,.0f} – {most:,.0f})",
        *(_ratio(cells, results.cells.get(other, {}).get(streams, []), name == other) for other in RATIOS),
        f"{middle.first_p50:.0f} / {middle.first_p99:.0f}",
        f"{middle.gap_p50:.1f} / {middle.gap_p99:.1f}",
        _optional(middle.server_cpu_milliseconds_per_token, "{:.2f}"),
        _optional(middle.server_memory_megabytes, "{:.0f}"),
    ]


def _ratio(cells: Sequence[Cell], others: Sequence[Cell], is_same: bool) -> str:
    ratio = None if is_same else median_ratio(cells, others)
    return _optional(ratio, "{:.2f}")


def _reading(results: Results) -> str:
    client = max(
        (median_cell(cells).client_share for row in results.cells.values() for cells in row.values()), default=0
    )
    return (
        "Ratios are the median of the ratios within a round. *First text* counts from the request; *between texts* are "
        "the gaps between two events with text, of which one may carry several tokens; for the limit they are steps. "
        "CPU is that of the server and all its processes, memory likewise (shared pages divided). "
        f"The load client took at most {client:.0%} of one core."
    )


def _missing(results: Results) -> list[str]:
    return [
        f"Not measured: {TITLES.get(name, name)} ({reason.splitlines()[0]})" for name, reason in results.missing.items()
    ]


def _chat_caption(plan: Plan) -> str:
    return (
        f"One chat that grows over {plan.chat_turns} turns, on uvicorn with default settings: time to the first text. "
        "Without reuse, each turn's prompt has another first word, so that nothing kept can be used."
    )


def _chat_table(chats: Mapping[bool, list[list[Turn]]]) -> str:
    header = ["turn", "prompt tokens", "of these reused", "first text with reuse, ms", "× turn 1"]
    header += ["first text without reuse, ms", "× turn 1"]
    last = len(chats[True][0])
    firsts = {reuses: _first_text(chats[reuses], 1) for reuses in chats}
    rows = []
    for number in [number for number in SHOWN_TURNS if number <= last]:
        turns = [chat[number - 1] for chat in chats[True]]
        row = [str(number), str(turns[0].prompt_tokens), f"{median(turn.cached_tokens for turn in turns):.0f}"]
        for reuses in (True, False):
            milliseconds = _first_text(chats[reuses], number)
            row += [f"{milliseconds:.0f}", f"{milliseconds / firsts[reuses]:.2f}"]
        rows.append(row)
    return _table(header, rows)


def _first_text(chats: Sequence[Sequence[Turn]], number: int) -> float:
    return median(chat[number - 1].first_milliseconds for chat in chats)


def _optional(value: float | None, form: str) -> str:
    return NONE if value is None else form.format(value)


def _listed(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---" if name == "server" else "---:" for name in header]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])
