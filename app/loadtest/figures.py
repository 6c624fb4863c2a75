"""The arithmetic of the tables: answers in, figures out. Pure; `report.py` says it to readers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from app.loadtest.answer import Answer, Outcome
from app.loadtest.plan import Objective

_MILLISECONDS = 1000.0
_SECONDS_PER_HOUR = 3600.0
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """One turn of all chats that came so far: medians. Tokens are None where the server does not tell."""

    turn: int
    answered: int
    prompt_tokens: float | None
    cached_tokens: float | None
    first_token_milliseconds: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One cell. What cannot be told is None: there was no answer, no price, or no objective.

    `seconds` reaches from when the first question was due to the end of the last. Only whole answers count as tokens.
    """

    requests: int
    answered: int
    refused: int
    timed_out: int
    failed: int
    errors: dict[str, int]
    seconds: float
    output_tokens: int
    prompt_tokens: int
    cached_tokens: int
    tokens_per_second: float | None
    latency_milliseconds_per_token: float | None
    first_token_milliseconds: Percentiles | None
    between_texts_p99_milliseconds: float | None
    texts_per_token: float | None
    late_p99_milliseconds: float | None
    goodput_per_second: float
    good_share: float
    cost_per_million_tokens: float | None
    turns: tuple[TurnFigures, ...]

    @property
    def refused_share(self) -> float:
        return self.refused / self.requests if self.requests else 0.0

    @property
    def error_share(self) -> float:
        """All that went wrong and was not a refusal."""
        return (self.timed_out + self.failed) / self.requests if self.requests else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie; straight between neighbours, as numpy and spreadsheets do it.

    With n sorted values, that at place `share` × (n − 1), counted from 0. There must be at least one.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def figures_of(answers: Sequence[Answer], objective: Objective, price_per_hour: float | None) -> Figures:
    """Of all questions of a cell that came to an end, in any order."""
    answered = [answer for answer in answers if answer.is_answered]
    outcomes = Counter(answer.outcome for answer in answers)
    seconds = _span_seconds(answers)
    tokens = sum(answer.output_tokens for answer in answered)
    texts = sum(len(answer.text_seconds) for answer in answered)
    good = sum(is_good(answer, objective) for answer in answered)
    latencies = [latency for answer in answered if (latency := latency_milliseconds(answer)) is not None]
    first = [milliseconds for answer in answered if (milliseconds := first_token_milliseconds(answer)) is not None]
    gaps = [gap * _MILLISECONDS for answer in answered for gap in _gaps(answer)]
    late = [(answer.sent_seconds - answer.intended_seconds) * _MILLISECONDS for answer in answers]
    return Figures(
        requests=len(answers),
        answered=len(answered),
        refused=outcomes[Outcome.REFUSED],
        timed_out=outcomes[Outcome.TIMED_OUT],
        failed=outcomes[Outcome.FAILED],
        errors=dict(sorted(Counter(answer.error for answer in answers if answer.error).items())),
        seconds=seconds,
        output_tokens=tokens,
        prompt_tokens=sum((answer.usage and answer.usage.prompt_tokens) or 0 for answer in answered),
        cached_tokens=sum(answer.usage.cached_tokens for answer in answered if answer.usage),
        tokens_per_second=tokens / seconds if answered and seconds else None,
        latency_milliseconds_per_token=median(latencies) if latencies else None,
        first_token_milliseconds=_percentiles(first) if first else None,
        between_texts_p99_milliseconds=percentile(gaps, 0.99) if gaps else None,
        texts_per_token=texts / tokens if tokens else None,
        late_p99_milliseconds=percentile(late, 0.99) if late else None,
        goodput_per_second=good / seconds if seconds else 0.0,
        good_share=good / len(answers) if answers else 0.0,
        cost_per_million_tokens=_cost(price_per_hour, seconds, tokens),
        turns=tuple(_turns(answered)),
    )


def latency_milliseconds(answer: Answer) -> float | None:
    """Duration ÷ output tokens; None for an answer without tokens."""
    if not answer.output_tokens:
        return None
    return (answer.ended_seconds - answer.intended_seconds) * _MILLISECONDS / answer.output_tokens


def first_token_milliseconds(answer: Answer) -> float | None:
    """From when the question was due to the first text; None for an answer without text."""
    if not answer.text_seconds:
        return None
    return (answer.text_seconds[0] - answer.intended_seconds) * _MILLISECONDS


def is_good(answer: Answer, objective: Objective) -> bool:
    """Whether this whole answer keeps the objective."""
    pairs = (
        (latency_milliseconds(answer), objective.milliseconds_per_token),
        (first_token_milliseconds(answer), objective.first_token_milliseconds),
    )
    return all(limit is None or (value is not None and value <= limit) for value, limit in pairs)


def _span_seconds(answers: Sequence[Answer]) -> float:
    if not answers:
        return 0.0
    began = min(answer.intended_seconds for answer in answers)
    return max(answer.ended_seconds for answer in answers) - began


def _gaps(answer: Answer) -> Iterable[float]:
    return (later - earlier for earlier, later in pairwise(answer.text_seconds))


def _percentiles(milliseconds: Sequence[float]) -> Percentiles:
    return Percentiles(*(percentile(milliseconds, share) for share in (0.5, 0.95, 0.99)))


def _cost(price_per_hour: float | None, seconds: float, tokens: int) -> float | None:
    """Of a million output tokens, at the rate at which this cell made them."""
    if price_per_hour is None or not tokens:
        return None
    return price_per_hour * seconds * _MILLION / (_SECONDS_PER_HOUR * tokens)


def _turns(answered: Sequence[Answer]) -> Iterable[TurnFigures]:
    for turn in sorted({answer.turn for answer in answered}):
        same = [answer for answer in answered if answer.turn == turn]
        usages = [answer.usage for answer in same if answer.usage and answer.usage.prompt_tokens is not None]
        first = [value for answer in same if (value := first_token_milliseconds(answer)) is not None]
        yield TurnFigures(
            turn,
            len(same),
            median(usage.prompt_tokens or 0 for usage in usages) if usages else None,
            median(usage.cached_tokens for usage in usages) if usages else None,
            median(first) if first else None,
        )
