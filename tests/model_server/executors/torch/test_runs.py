from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model_server.executors.torch.runs import RUN_COST_BYTES, Run, plan_runs

LENGTH = 4096


def test_neighbours_of_like_length_are_one_run_cut_to_the_longest() -> None:
    assert plan_runs([2, 3, 4], [10, 130, 250], 512, LENGTH) == (Run(0, 2, 3, 256),)


def test_a_dead_slot_ends_a_run() -> None:
    assert plan_runs([0, 1, 3], [10, 10, 10], 512, LENGTH) == (Run(0, 0, 2, 128), Run(2, 3, 1, 128))


def test_one_long_sequence_does_not_make_the_short_ones_long() -> None:
    assert plan_runs([0, 1, 2], [10, 4000, 10], 512, LENGTH) == (
        Run(0, 0, 1, 128),
        Run(1, 1, 1, 4096),
        Run(2, 2, 1, 128),
    )


def test_a_run_never_passes_the_end_of_the_cache() -> None:
    assert plan_runs([0], [298], 512, 300) == (Run(0, 0, 1, 300),)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, LENGTH - 1)), min_size=1, unique_by=lambda row: row[0]))
def test_runs_cover_every_row_once_and_waste_little(rows: list[tuple[int, int]]) -> None:
    slots, positions = zip(*sorted(rows), strict=True)
    runs = plan_runs(slots, positions, 512, LENGTH)
    covered = [(run.row + offset, run.slot + offset) for run in runs for offset in range(run.count)]
    assert covered == list(enumerate(slots))
    for run in runs:
        lengths = [position + 1 for position in positions[run.row : run.row + run.count]]
        assert max(lengths) <= run.length <= LENGTH
        assert run.length - max(lengths) < 128
        wasted = sum(run.length - length - 128 for length in lengths)
        assert wasted * 512 <= RUN_COST_BYTES * run.count
