"""The generator measured by itself, against a server that computes nothing: how much it drives, how late it notices.

Between the two stands only loopback. Lateness is the arrival of a text in the generator less the time at which the
server was to send it, so the server's own lateness is in it, and said besides.
"""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.backends.ray_serve import RayServeBackend
from app.loadtest.answer import Answer, ask
from app.loadtest.errors import LoadtestError
from app.loadtest.figures import percentile
from app.loadtest.questions import Questions
from app.prompts.template import DEFAULT_PROMPT_FORMAT

STREAMS = 128
_TOKENS = 128
_QUESTION_WORDS = 16
_TRIES = 5
_TIMEOUT_SECONDS = 120.0
# 128 streams with a token each 20 ms are 6,400 tokens a second.
_PACED_INTERVAL_SECONDS = 0.02
_NANOSECONDS = 1e9
_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class GeneratorFigures:
    """One try. `late_*`: from when a token was due; `sent_late_*`: how much of that was the server's own lateness."""

    tokens_per_second: float
    cpu_seconds_per_token: float
    late_p50_seconds: float
    late_p99_seconds: float
    sent_late_p99_seconds: float


async def check_generator() -> str:
    """Both figures in Markdown: the best of several tries, because other programs disturb them."""
    fastest = max(await _tries(0.0), key=lambda figures: figures.tokens_per_second)
    paced = min(await _tries(_PACED_INTERVAL_SECONDS), key=lambda figures: figures.late_p99_seconds)
    return (
        f"The load generator against a server that computes nothing, {STREAMS} streams, each token an event of its "
        f"own, both on the same machine; best of {_TRIES} tries:\n\n"
        f"- as fast as it can: {fastest.tokens_per_second:,.0f} tokens/s, "
        f"{fastest.cpu_seconds_per_token * 1e6:.0f} µs of CPU for each;\n"
        f"- a token for each stream every {_PACED_INTERVAL_SECONDS * 1000:.0f} ms: {paced.tokens_per_second:,.0f} "
        f"tokens/s, {paced.cpu_seconds_per_token * 1e6:.0f} µs of CPU for each; a token is noticed "
        f"{paced.late_p50_seconds * 1000:.1f} ms (p50) and {paced.late_p99_seconds * 1000:.1f} ms (p99) after it was "
        f"due, of which the server's own lateness is {paced.sent_late_p99_seconds * 1000:.1f} ms (p99)."
    )


async def _tries(interval_seconds: float) -> list[GeneratorFigures]:
    return [await measure_generator(interval_seconds, STREAMS, _TOKENS) for _ in range(_TRIES)]


async def measure_generator(interval_seconds: float, streams: int, tokens: int) -> GeneratorFigures:
    """Raises LoadtestError where an answer is not complete."""
    questions = Questions(0, tokens, DEFAULT_PROMPT_FORMAT)
    requests = [questions.begin_chat().ask(_QUESTION_WORDS) for _ in range(streams)]
    async with null_server(interval_seconds) as url, aclosing(RayServeBackend(url, None)) as backend:
        await backend.describe()  # waits until it serves
        cpu_began, began = time.process_time(), time.monotonic()
        answers = await asyncio.gather(*(ask(backend, request, began, _TIMEOUT_SECONDS) for request in requests))
        cpu_seconds, seconds = time.process_time() - cpu_began, time.monotonic() - began
    total = sum(answer.output_tokens for answer in answers)
    if total != streams * tokens:
        raise LoadtestError(f"Of {streams * tokens} tokens of the null server {total} arrived; nothing was measured.")
    late, sent_late = _lateness_seconds(answers)
    return GeneratorFigures(
        total / seconds,
        cpu_seconds / total,
        percentile(late, 0.5),
        percentile(late, 0.99),
        percentile(sent_late, 0.99),
    )


def _lateness_seconds(answers: Sequence[Answer]) -> tuple[list[float], list[float]]:
    """Of all texts: arrival less due time, and sending less due time."""
    late: list[float] = []
    sent_late: list[float] = []
    for answer in answers:
        for text, arrived in zip(answer.text.split(), answer.text_seconds, strict=True):
            due, sent = (int(nanoseconds) / _NANOSECONDS for nanoseconds in text.split("/"))
            late.append(arrived - due)
            sent_late.append(sent - due)
    return late, sent_late


@asynccontextmanager
async def null_server(interval_seconds: float) -> AsyncIterator[str]:
    """Its address. It ends when its standard input is closed."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.loadtest.null_server",
            *("--fd", str(listener.fileno()), "--interval-seconds", str(interval_seconds)),
            stdin=asyncio.subprocess.PIPE,
            cwd=_PROJECT,
            pass_fds=[listener.fileno()],
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await process.communicate(b"")  # closes its standard input
