from __future__ import annotations

from model_server.engine.histogram import Histogram


def test_a_bound_belongs_to_its_bucket_and_what_is_above_all_to_the_last() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.observe(value)
    snapshot = histogram.snapshot()
    assert (snapshot.cumulative_counts, snapshot.count, snapshot.sum) == ((2, 4, 5), 5, 14.0)


def test_the_same_value_many_times_costs_one_call() -> None:
    once, often = Histogram((1.0,)), Histogram((1.0,))
    once.observe(0.5, 32)
    for _ in range(32):
        often.observe(0.5)
    assert once.snapshot() == often.snapshot()


def test_a_snapshot_does_not_change() -> None:
    histogram = Histogram((1.0,))
    before = histogram.snapshot()
    histogram.observe(3.0)
    assert before.count == 0
