"""One chat that grows turn by turn, as a program of its own: how long the first text of each turn takes; prints JSON.

With reuse, each turn's prompt begins with all that was said before, as a chat's does. Without, the same chat, but its
first word is a new one in every turn, so that nothing that the server has kept can be used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict, dataclass

from model_server.bench.answer import Answer
from model_server.bench.client import Question, ask
from model_server.bench.errors import BenchError
from model_server.bench.figures import MILLISECONDS
from model_server.bench.vocabulary import WORDS, write_words

MESSAGE_TOKENS = 60
ANSWER_TOKENS = 40
BEGIN_TOKENS = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """`first_milliseconds`: from the request to the first text."""

    number: int
    prompt_tokens: int
    cached_tokens: int
    first_milliseconds: float


async def run_chat(port: int, first_words: int, turns: int, reuses: bool) -> list[Turn]:
    """Return all turns of one chat; the numbers of words from `first_words` on belong to this chat alone."""
    said = write_words(first_words, MESSAGE_TOKENS)
    done: list[Turn] = []
    for number in range(1, turns + 1):
        prompt = said if reuses else _with_other_beginning(said, first_words + number)
        answer = (await ask(port, [Question(prompt, ANSWER_TOKENS)]))[0]
        _check(answer, number)
        done.append(Turn(number, answer.prompt_tokens, answer.cached_tokens, answer.first_text_seconds * MILLISECONDS))
        said += answer.text + write_words(first_words + turns + number, MESSAGE_TOKENS)
    return done


def words_of_chat(turns: int) -> int:
    """Return how many numbers of words one chat uses."""
    return 2 * turns + 1


def _with_other_beginning(said: str, number: int) -> str:
    _, _, rest = said.lstrip(" ").partition(" ")
    return f" {WORDS[number % len(WORDS)]} {rest}"


def _check(answer: Answer, number: int) -> None:
    prompt_tokens = BEGIN_TOKENS + number * MESSAGE_TOKENS + (number - 1) * ANSWER_TOKENS
    if (answer.prompt_tokens, answer.completion_tokens) != (prompt_tokens, ANSWER_TOKENS):
        raise BenchError(
            f"Turn {number} has {answer.prompt_tokens} and {answer.completion_tokens} tokens, "
            f"but {prompt_tokens} and {ANSWER_TOKENS} were expected."
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="Let one chat grow and print the times of its turns.")
    for name in ("port", "turns", "first-words"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--no-reuse", action="store_true")
    given = parser.parse_args()
    try:
        turns = asyncio.run(run_chat(given.port, given.first_words, given.turns, not given.no_reuse))
    except (BenchError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps([asdict(turn) for turn in turns]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
