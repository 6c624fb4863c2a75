"""The limit: the executor in a bare loop, with no server around it, as a program of its own; prints JSON.

The same executor, number format and threads as the server's. All prompts are read one by one, then every step decodes
one greedy token for all of them. No scheduler, no text, no HTTP: what is faster than this is a faster executor.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from model_server.bench.figures import Cell, summarize
from model_server.bench.vocabulary import build_tokenizer, write_prompt
from model_server.executors.base import Executor
from model_server.executors.load import load_executor
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint

WARM_UP_TOKENS = 16


def run_limit(executor: Executor, prompts: list[list[list[int]]], answer_tokens: int) -> Cell:
    """Return the figures of waves of prompts, each [streams][tokens]."""
    first_seconds: list[float] = []
    step_seconds: list[float] = []
    seconds = 0.0
    for wave in prompts:
        times = _run_wave(executor, wave, answer_tokens)
        first_seconds += times[: len(wave)]
        steps = times[len(wave) - 1 :]
        step_seconds += [later - earlier for earlier, later in pairwise(steps)]
        seconds += times[-1]
    streams = len(prompts[0])
    return summarize(streams, sum(map(len, prompts)) * answer_tokens, seconds, first_seconds, step_seconds)


def _run_wave(executor: Executor, prompts: list[list[int]], answer_tokens: int) -> list[float]:
    """Return when each prompt had its first token and when each step was done, in seconds from the beginning."""
    began = perf_counter()
    times: list[float] = []
    tokens: list[int] = []
    for slot, prompt in enumerate(prompts):
        tokens.append(int(executor.prefill(slot, prompt).argmax()))
        times.append(perf_counter() - began)
    slots = range(len(prompts))
    positions = [len(prompt) for prompt in prompts]
    for _ in range(answer_tokens - 1):
        tokens = executor.decode(slots, tokens, positions).argmax(dim=-1).tolist()
        positions = [position + 1 for position in positions]
        times.append(perf_counter() - began)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the bare executor and print the figures.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--loads", required=True, help="streams×waves, with commas between")
    for name in ("slots", "window", "prompt-tokens", "answer-tokens"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    settings = ServerSettings(model_dir=given.model, slots=given.slots)
    executor = load_executor(settings, open_checkpoint(given.model), given.window)
    tokenizer = build_tokenizer()

    def prompts(streams: int, waves: int) -> list[list[list[int]]]:
        return [
            [tokenizer.encode(write_prompt(stream, given.prompt_tokens)).ids for stream in range(streams)]
            for _ in range(waves)
        ]

    cells = []
    run_limit(executor, prompts(given.slots, 1), WARM_UP_TOKENS)
    for load in given.loads.split(","):
        streams, waves = map(int, load.split("x"))
        cells.append(run_limit(executor, prompts(streams, waves), given.answer_tokens))
    sys.stdout.write(json.dumps([asdict(cell) for cell in cells]))


if __name__ == "__main__":
    main()
