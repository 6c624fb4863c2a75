"""The tables from known figures: medians, ratios within a round, and what is missing is said."""

from __future__ import annotations

from pathlib import Path

from model_server.bench.figures import Cell
from model_server.bench.growing_chat import Turn
from model_server.bench.rounds import Plan, Results
from model_server.bench.tables import render
from model_server.bench.targets import LIMIT, LLAMA, TRANSFORMERS, UVICORN, Workload

MACHINE = {"processor": "An Example", "cores": "2", "python": "3.11", "date": "2026-01-02"}


def plan(chat_turns: int = 20) -> Plan:
    workload = Workload(Path("model"), 8, 256, "bfloat16")
    return Plan(workload, (), (8,), 3, 103, 128, chat_turns, 4096, Path("logs"))


def cells(*rates: float) -> list[Cell]:
    return [Cell(8, rate, 10.4, 20.6, 1.23, 4.56) for rate in rates]


def results() -> Results:
    made = Results()
    for target, rates in {LIMIT: (1000, 2000, 1000), UVICORN: (900, 1600, 950), TRANSFORMERS: (300, 400, 500)}.items():
        made.add(target, cells(*rates))
    made.drop(LLAMA, "LLAMA_SERVER does not name a llama-server binary.\nmore")
    return made


def row_of(text: str, beginning: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(beginning))
    return [field.strip() for field in line.strip("|").split("|")]


def test_a_row_has_medians_spread_and_ratios_within_rounds() -> None:
    row = row_of(render(plan(0), results(), MACHINE), "| 8 | Twinstream on uvicorn")
    assert row[2:] == ["950 (900 – 1,600)", "0.90", "3.00", "–", "10 / 21", "1.2 / 4.6", "–", "–"]


def test_a_target_is_not_compared_with_itself() -> None:
    assert row_of(render(plan(0), results(), MACHINE), "| 8 | the limit")[3:5] == ["–", "3.33"]


def test_what_was_not_measured_is_said_with_its_reason() -> None:
    text = render(plan(0), results(), MACHINE)
    assert "Not measured: llama-server (LLAMA_SERVER does not name a llama-server binary.)" in text
    assert "more" not in text


def test_the_tables_say_on_what_they_were_made() -> None:
    assert "on 2026-01-02: An Example, 2 cores; python 3.11. " in render(plan(0), results(), MACHINE)


def test_turns_of_the_chat_are_compared_with_the_first() -> None:
    made = results()
    for reuses, first, growth in ((True, 10.0, 0.5), (False, 20.0, 10.0)):
        made.chats[reuses] = [
            [
                Turn(number, number * 100, (number - 1) * 100, first * scale + growth * (number - 1))
                for number in range(1, 21)
            ]
            for scale in (0.9, 1.0, 3.0)
        ]
    text = render(plan(), made, MACHINE)
    assert row_of(text, "| 20 | 2000")[2:] == ["1900", "20", "1.95", "210", "10.50"]
    assert row_of(text, "| 1 | 100")[2:] == ["0", "10", "1.00", "20", "1.00"]
    assert [line.split("|")[1].strip() for line in text.splitlines()[-5:]] == ["---:", "1", "5", "10", "20"]
