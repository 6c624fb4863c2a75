"""What can go wrong in a measurement: one kind, with one sentence for the person who measures."""

from __future__ import annotations


class BenchError(Exception):
    """The argument is a sentence; what was being measured is left out of the table, or the run ends."""
