"""The load on one server with so many streams at once, as a program of its own; prints the figures as JSON.

Waves: all streams begin together, and the next wave begins when the last of them has ended, so that prefill, full
batches and the tail are all in the figures, as they are in the limit's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, replace

from model_server.bench.answer import Answer
from model_server.bench.client import Question, ask
from model_server.bench.errors import BenchError
from model_server.bench.figures import Cell, summarize
from model_server.bench.vocabulary import write_prompt


@dataclass(frozen=True, slots=True)
class Load:
    """Lengths in tokens. `first_prompt` is the first prompt's number: none is to be used twice on a server."""

    streams: int
    waves: int
    prompt_tokens: int
    answer_tokens: int
    first_prompt: int = 0


async def run_load(port: int, load: Load) -> Cell:
    """Return the figures; raise BenchError where an answer failed or was not of the length that was asked for."""
    answers: list[Answer] = []
    cpu_seconds = seconds = 0.0
    for wave in range(load.waves):
        first = load.first_prompt + wave * load.streams
        prompts = [write_prompt(first + index, load.prompt_tokens) for index in range(load.streams)]
        cpu_began = time.process_time()
        wave_answers = await ask(port, [Question(prompt, load.answer_tokens) for prompt in prompts])
        cpu_seconds += time.process_time() - cpu_began
        seconds += max(answer.end_seconds for answer in wave_answers)
        answers.extend(wave_answers)
    _check(load, answers)
    cell = summarize(
        load.streams,
        len(answers) * load.answer_tokens,
        seconds,
        [answer.first_text_seconds for answer in answers],
        [gap for answer in answers for gap in answer.gap_seconds],
    )
    return replace(cell, client_share=cpu_seconds / seconds)


def _check(load: Load, answers: list[Answer]) -> None:
    lengths = {(answer.prompt_tokens, answer.completion_tokens) for answer in answers}
    if lengths != {(load.prompt_tokens, load.answer_tokens)}:
        raise BenchError(
            f"The answers have (prompt, answer) lengths of {sorted(lengths)} tokens, "
            f"but ({load.prompt_tokens}, {load.answer_tokens}) were asked for."
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="Load one server and print the figures.")
    parser.add_argument("--port", type=int, required=True)
    for name in ("streams", "waves", "prompt-tokens", "answer-tokens", "first-prompt"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = vars(parser.parse_args())
    port = given.pop("port")
    try:
        cell = asyncio.run(run_load(port, Load(**given)))
    except (BenchError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(cell)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
