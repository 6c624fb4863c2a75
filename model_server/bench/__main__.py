"""`python -m model_server.bench`: make the model, measure every target in rounds, write the tables.

Takes about a quarter of an hour with all targets on two cores. `make bench` also makes the peers' environment.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from model_server.bench.checkpoint import BENCH_SHAPE, TINY_SHAPE, make_checkpoint
from model_server.bench.errors import BenchError
from model_server.bench.machine import describe_machine, version_of_llama, version_of_peer
from model_server.bench.readme import replace_section, write_section
from model_server.bench.rounds import Plan, Results, run_rounds
from model_server.bench.tables import render
from model_server.bench.targets import LLAMA, PEERS_PYTHON, TITLES, TRANSFORMERS, Workload
from model_server.executors.torch.device import choose_device, choose_number_format

README = Path("README.md")


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 when the tables are written, 1 with a sentence when they are not, 130 when stopped."""
    given = _build_parser().parse_args(arguments)
    try:
        if given.write_readme:
            replace_section(README.read_text(encoding="utf-8"), "")  # find out now, not after a quarter of an hour
        plan = _quick_plan(given) if given.quick else _plan(given)
        results = Results()
        run_rounds(plan, results, lambda line: print(line, flush=True))
        machine = _describe(results)
        tables = render(plan, results, machine)
        _write(given.output, results, machine, tables)
        if given.write_readme:
            write_section(README, tables)
        print(f"\n{tables}")
    except (BenchError, OSError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("bench: stopped; nothing was written.\n")
        return 130
    return 0


def _plan(given: argparse.Namespace) -> Plan:
    workload = Workload(make_checkpoint(given.output, BENCH_SHAPE), max(given.streams), 256, _number_format())
    return Plan(
        workload, given.targets, given.streams, given.rounds, 103, 128, given.chat_turns, 4096, given.output / "logs"
    )


def _quick_plan(given: argparse.Namespace) -> Plan:
    """A tiny model and few tokens: tells whether the bench works, not how fast anything is."""
    workload = Workload(make_checkpoint(given.output, TINY_SHAPE), max(given.streams), 64, _number_format())
    return Plan(
        workload, given.targets, given.streams, 1, 16, 16, min(given.chat_turns, 2), 512, given.output / "logs", 1, 1
    )


def _number_format() -> str:
    return str(choose_number_format(choose_device())).removeprefix("torch.")


def _describe(results: Results) -> dict[str, str]:
    machine = describe_machine()
    if TRANSFORMERS in results.cells:
        machine["transformers"] = version_of_peer(PEERS_PYTHON, "transformers")
    if LLAMA in results.cells:
        machine["llama-server"] = version_of_llama(os.environ["LLAMA_SERVER"])
    return machine


def _write(folder: Path, results: Results, machine: dict[str, str], tables: str) -> None:
    content = {
        "machine": machine,
        "cells": {
            name: {str(streams): [asdict(cell) for cell in cells] for streams, cells in row.items()}
            for name, row in results.cells.items()
        },
        "chats": {
            "with reuse" if reuses else "without reuse": [[asdict(turn) for turn in chat] for chat in chats]
            for reuses, chats in results.chats.items()
        },
        "not measured": results.missing,
    }
    (folder / "results.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / "results.md").write_text(tables, encoding="utf-8")


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_server.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default: %(default)s)")
    parser.add_argument("--streams", type=_numbers, default=(1, 8, 32), help="streams at once (default: 1,8,32)")
    parser.add_argument("--targets", type=_targets, default=tuple(TITLES), help=f"of {','.join(TITLES)} (default: all)")
    parser.add_argument("--chat-turns", type=int, default=20, help="turns of the growing chat; 0: none (default: 20)")
    parser.add_argument("--quick", action="store_true", help="a tiny model, one short round: checks the bench itself")
    parser.add_argument("--output", type=Path, default=Path("build/bench"), help="folder (default: %(default)s)")
    parser.add_argument("--write-readme", action="store_true", help="put the tables into README.md, between its marks")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(sorted({int(number) for number in text.split(",")}))
    if numbers[0] < 1:
        raise argparse.ArgumentTypeError("at least one stream")
    return numbers


def _targets(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = sorted(set(names) - TITLES.keys())
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(TITLES)}")
    return names


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it too ends the servers first
    sys.exit(main(sys.argv[1:]))
