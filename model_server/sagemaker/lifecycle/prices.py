"""What an hour of an instance costs, about: one published table, of no stated region or date. Never a promise."""

from __future__ import annotations

import json
from pathlib import Path

TABLE = Path(__file__).parent / "prices.json"


def dollars_per_hour(instance_type: str) -> float | None:
    """Return the price of one instance, None where the table does not have it."""
    prices: dict[str, float] = json.loads(TABLE.read_text(encoding="utf-8"))
    return prices.get(instance_type)


def about(instance_type: str, count: int) -> str:
    """Return the price of `count` instances as a person may be told it."""
    dollars = dollars_per_hour(instance_type)
    if dollars is None:
        return f"a price that is not known here for {count} x {instance_type} (see aws.amazon.com/sagemaker/pricing)"
    return f"about {dollars * count:.4g} USD an hour for {count} x {instance_type} (check AWS: regions differ)"
