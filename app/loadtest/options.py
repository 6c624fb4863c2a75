"""The command line as values. Says in a sentence what it cannot use."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow

from app.loadtest.plan import Length, Limits, Load, Objective, Plan, Rate, Rounds, Seconds, Users
from app.loadtest.target import BUILT_IN, RAY_SERVE, SAGEMAKER_PREFIX

_SEEDS = 1_000_000
_DEFAULT_USERS = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class Options:
    """`label` is empty where the target names itself. `has_consent`: a target elsewhere may be asked."""

    backend: str
    plan: Plan
    output: Path
    label: str
    has_consent: bool


def parse_options(arguments: list[str]) -> Options:
    """Ends the program with a sentence where something cannot be used."""
    parser = _build_parser()
    given = parser.parse_args(arguments)
    try:
        return Options(given.backend, _plan(given), given.output, given.label, given.yes)
    except ValueError as error:
        parser.error(str(error))


def _plan(given: argparse.Namespace) -> Plan:
    loads: tuple[Load, ...] = tuple(Users(count) for count in given.users or _DEFAULT_USERS)
    if given.rate:
        loads = tuple(Rate(per_second) for per_second in given.rate)
    length: Length = Rounds(given.rounds) if given.rounds is not None else Seconds(given.seconds)
    return Plan(
        loads=loads,
        input_words=given.input_words,
        output_tokens=given.output_tokens,
        length=length,
        seed=randbelow(_SEEDS) if given.seed is None else given.seed,
        turns=given.turns,
        warm_up_requests=given.warm_up,
        limits=Limits(given.timeout, given.error_limit),
        objective=Objective(given.objective_ms, given.objective_first_token_ms),
        price_per_hour=given.price_per_hour,
    )


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app.loadtest",
        description="Measure a backend of the page the way the published load table was made.",
        epilog="Also: `python -m app.loadtest compare RUN RUN` and `python -m app.loadtest self-check`.",
    )
    add = parser.add_argument
    backends = f"{BUILT_IN}, {RAY_SERVE} or {SAGEMAKER_PREFIX}NAME"
    add("--backend", type=_backend, default=BUILT_IN, metavar="BACKEND", help=f"{backends} (default: {BUILT_IN})")
    loads = parser.add_mutually_exclusive_group()
    loads.add_argument("--users", type=_integers, help="people who ask at the same time (default: 1,2,4,…,128)")
    loads.add_argument("--rate", type=_numbers, help="instead: questions a second, at random (Poisson)")
    add("--input-words", type=_integers, default=(128, 512, 6400), help="words of a question (default: 128,512,6400)")
    add("--output-tokens", type=int, default=128, help="tokens of an answer (default: %(default)s)")
    lengths = parser.add_mutually_exclusive_group()
    lengths.add_argument("--seconds", type=float, default=30.0, help="of each cell (default: %(default)s)")
    lengths.add_argument("--rounds", type=int, help="instead: how often each user asks")
    add("--turns", type=int, default=1, help="turns of a chat that grows (default: 1)")
    add("--warm-up", type=int, default=2, help="questions before each cell that do not count (default: %(default)s)")
    add("--seed", type=int, help="makes the words; a seed used before finds them in the target's cache (default: new)")
    add("--timeout", type=float, default=120.0, help="seconds that an answer may take (default: %(default)s)")
    add("--error-limit", type=float, default=0.5, help="share of errors that ends a cell (default: %(default)s)")
    add("--objective-ms", type=float, help="goodput: milliseconds for each token that are good enough")
    add("--objective-first-token-ms", type=float, help="goodput: the same for the first text")
    add("--price-per-hour", type=float, help="of the target, for the cost of a million tokens")
    add("--label", default="", help="what the target runs on, for tables and plots, such as “inf2.8xlarge, 4 slots”")
    add("--output", type=Path, default=Path("build/loadtest"), help="folder (default: %(default)s)")
    add("--yes", action="store_true", help="the target may be on another machine, and cost what the estimate says")
    return parser


def _backend(text: str) -> str:
    if text in (BUILT_IN, RAY_SERVE) or (text.startswith(SAGEMAKER_PREFIX) and text != SAGEMAKER_PREFIX):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is none of {BUILT_IN}, {RAY_SERVE}, {SAGEMAKER_PREFIX}NAME")


def _integers(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(number) for number in text.split(",")}))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(sorted({float(number) for number in text.split(",")}))
