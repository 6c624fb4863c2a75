"""What a run will take, said before it begins. Pure."""

from dataclasses import dataclass

from app.loadtest.plan import Plan, Rounds, Users

# Of the published table's order; a target's own speed is not known before it was asked.
ASSUMED_SECONDS_PER_TOKEN = 0.05
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Estimate:
    """`most_seconds`: every answer takes as long as it may."""

    cells: int
    requests: int | None
    likely_seconds: float
    most_seconds: float
    price_per_hour: float | None

    def __str__(self) -> str:
        requests = "" if self.requests is None else f", {self.requests:,} questions and warm-up"
        cells = f"{self.cells} cell{'s' * (self.cells > 1)}"
        return (
            f"{cells}{requests}: about {describe_seconds(self.likely_seconds)}, at most "
            f"{describe_seconds(self.most_seconds)}{self._cost()}. (Assumed: 50 ms a token; at most: every answer "
            "reaches its time limit.)"
        )

    def _cost(self) -> str:
        if self.price_per_hour is None:
            return ""
        likely, most = (
            self.price_per_hour * seconds / _SECONDS_PER_HOUR for seconds in (self.likely_seconds, self.most_seconds)
        )
        return f"; at {self.price_per_hour:g} an hour about {likely:,.2f}, at most {most:,.2f}"


def estimate(plan: Plan) -> Estimate:
    """Of all cells, as if all of them fitted the window."""
    cells = list(plan.keys)
    answer_seconds = min(plan.output_tokens * ASSUMED_SECONDS_PER_TOKEN, plan.limits.timeout_seconds)
    requests = None
    if isinstance(plan.length, Rounds):
        users = sum(key.load.count for key in cells if isinstance(key.load, Users))
        requests = plan.length.count * plan.turns * users
    warm_ups = bool(plan.warm_up_requests)
    return Estimate(
        len(cells),
        requests,
        len(cells) * (_cell_seconds(plan, answer_seconds) + warm_ups * answer_seconds),
        len(cells) * (_cell_seconds(plan, plan.limits.timeout_seconds) + warm_ups * plan.limits.timeout_seconds),
        plan.price_per_hour,
    )


def describe_seconds(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 5 min`"""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _cell_seconds(plan: Plan, answer_seconds: float) -> float:
    """Until the last answer that was begun has ended."""
    chat_seconds = plan.turns * answer_seconds
    if isinstance(plan.length, Rounds):
        return plan.length.count * chat_seconds
    return plan.length.seconds + chat_seconds
