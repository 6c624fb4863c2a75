"""The rounds: every target in turn, alone on the machine, then the growing chat; then all of it again.

Interleaved, so that what else happens on the machine falls on all of them alike. Each visit starts the server anew,
so that no cache outlives it, and warms it up before the clock runs.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from model_server.bench.errors import BenchError
from model_server.bench.figures import MILLISECONDS, Cell
from model_server.bench.growing_chat import Turn, words_of_chat
from model_server.bench.load import Load
from model_server.bench.processes import RunningServer, running
from model_server.bench.targets import LIMIT, TITLES, UVICORN, Target, Workload, build_target, our_server

CLIENT_SECONDS = 900.0
WARM_UP_TOKENS = 32
CHAT_SLOTS = 8  # the server's default
MEGABYTE = 1_000_000

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured; lengths in tokens."""

    workload: Workload
    targets: tuple[str, ...]
    streams: tuple[int, ...]
    rounds: int
    prompt_tokens: int
    answer_tokens: int
    chat_turns: int
    chat_window_tokens: int
    logs: Path
    most_waves: int = 8  # of one load in one visit
    chats: int = 2  # of each kind in one round

    def loads(self) -> list[Load]:
        """Return the loads of one visit, enough waves each for a few seconds, with prompts of their own."""
        loads: list[Load] = []
        number = max(self.streams)  # those before are for warming up
        for streams in self.streams:
            waves = min(self.most_waves, max(2, 1 + 32 // streams))
            loads.append(Load(streams, waves, self.prompt_tokens, self.answer_tokens, number))
            number += streams * waves
        return loads


@dataclass(slots=True)
class Results:
    """What was measured: cells by target and streams, one for each round; chats with reuse (True) and without."""

    cells: dict[str, dict[int, list[Cell]]] = field(default_factory=dict)
    chats: dict[bool, list[list[Turn]]] = field(default_factory=lambda: {True: [], False: []})
    missing: dict[str, str] = field(default_factory=dict)  # target → why it was not measured

    def add(self, target: str, cells: list[Cell]) -> None:
        for cell in cells:
            self.cells.setdefault(target, {}).setdefault(cell.streams, []).append(cell)

    def drop(self, target: str, reason: str) -> None:
        self.cells.pop(target, None)
        self.missing[target] = reason


def run_rounds(plan: Plan, results: Results, report: Report) -> None:
    """Fill `results`; a target that fails is dropped with its reason, and the others go on."""
    for number in range(1, plan.rounds + 1):
        for name in plan.targets:
            if name not in results.missing:
                report(f"round {number} of {plan.rounds}: {TITLES[name]}")
                _visit_or_drop(plan, name, results, report)
        if plan.chat_turns:
            report(f"round {number} of {plan.rounds}: a chat of {plan.chat_turns} turns")
            _visit_chat(plan, results)


def _visit_or_drop(plan: Plan, name: str, results: Results, report: Report) -> None:
    try:
        cells = _visit_limit(plan) if name == LIMIT else _visit_server(plan, build_target(name, plan.workload))
    except BenchError as error:
        results.drop(name, str(error))
        report(f"  not measured: {error}")
        return
    results.add(name, cells)
    for cell in cells:
        report(
            f"  {cell.streams:3} streams: {cell.tokens_per_second:6.0f} tokens/s, first text {cell.first_p50:.0f} ms"
        )


def _visit_limit(plan: Plan) -> list[Cell]:
    workload = plan.workload
    loads = ",".join(f"{load.streams}x{load.waves}" for load in plan.loads())
    arguments = ["--model", str(workload.model), "--loads", loads, "--slots", str(workload.slots)]
    arguments += ["--window", str(workload.window_tokens)]
    arguments += ["--prompt-tokens", str(plan.prompt_tokens), "--answer-tokens", str(plan.answer_tokens)]
    return [Cell(**cell) for cell in json.loads(_run_client("limit", arguments))]


def _visit_server(plan: Plan, target: Target) -> list[Cell]:
    with _start(target, plan) as server:
        _measure(server, Load(max(plan.streams), 1, plan.prompt_tokens, WARM_UP_TOKENS))
        return [_measure(server, load) for load in plan.loads()]


def _measure(server: RunningServer, load: Load) -> Cell:
    arguments = ["--port", str(server.port)]
    for name, value in asdict(load).items():
        arguments += [f"--{name.replace('_', '-')}", str(value)]
    before = server.costs()
    cell = Cell(**json.loads(_run_client("load", arguments)))
    after = server.costs()
    if before is None or after is None:
        return cell
    tokens = load.streams * load.waves * load.answer_tokens
    return replace(
        cell,
        server_cpu_milliseconds_per_token=(after.cpu_seconds - before.cpu_seconds) / tokens * MILLISECONDS,
        server_memory_megabytes=after.memory_bytes / MEGABYTE,
    )


def _visit_chat(plan: Plan, results: Results) -> None:
    workload = replace(plan.workload, slots=CHAT_SLOTS, window_tokens=plan.chat_window_tokens)
    with _start(our_server(UVICORN, workload), plan) as server:
        _measure(server, Load(CHAT_SLOTS, 1, plan.prompt_tokens, WARM_UP_TOKENS))
        first = CHAT_SLOTS
        for chat in range(2 * plan.chats):
            reuses = chat % 2 == 0
            arguments = ["--port", str(server.port), "--turns", str(plan.chat_turns), "--first-words", str(first)]
            turns = json.loads(_run_client("growing_chat", arguments + ([] if reuses else ["--no-reuse"])))
            results.chats[reuses].append([Turn(**turn) for turn in turns])
            first += words_of_chat(plan.chat_turns)


def _start(target: Target, plan: Plan) -> AbstractContextManager[RunningServer]:
    port = _free_port()
    log = plan.logs / f"{target.name}.log"
    return running(target.command_on(port), target.environment, port, target.ready_path, log)


def _run_client(module: str, arguments: list[str]) -> bytes:
    """Return what a program of the bench prints; raise BenchError with its reason where it fails."""
    command = [sys.executable, "-m", f"model_server.bench.{module}", *arguments]
    try:
        result = subprocess.run(command, capture_output=True, check=False, timeout=CLIENT_SECONDS, env=os.environ)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"Measuring took longer than {CLIENT_SECONDS:.0f} s.") from error
    if result.returncode:
        raise BenchError(result.stderr.decode("utf-8", "replace").strip()[-500:])
    return result.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
