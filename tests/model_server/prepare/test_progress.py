from __future__ import annotations

import io

from model_server.prepare.progress import Progress, readable


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_in_a_log_it_is_a_line_now_and_then() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock)
    progress.begin(1000, 0)
    for _ in range(100):
        clock.seconds += 0.25
        progress.advance(10)
    progress.end()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4  # the beginning, two in 25 seconds, the end
    assert lines[1].endswith(" 40%  400 B of 1 kB  40 B/s  15 s left")
    assert "\r" not in stream.getvalue()


def test_on_a_terminal_it_is_one_line_that_moves() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(stream, clock)
    progress.begin(1000, 500)
    clock.seconds += 2
    progress.advance(100)
    progress.say("Something else.")
    progress.end()
    assert stream.getvalue().count("\n") == 2
    assert " 60%  600 B of 1 kB  50 B/s  8 s left" in stream.getvalue()


def test_what_is_fetched_again_is_taken_back() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.begin(100, 50)
    progress.advance(-50)
    progress.end()
    assert stream.getvalue().splitlines()[-1].endswith("0%  0 B of 100 B")


def test_nothing_to_fetch_is_all_of_it() -> None:
    stream = io.StringIO()
    Progress(stream).begin(0, 0)
    assert "100%" in stream.getvalue()


def test_sizes_are_readable() -> None:
    sizes = [readable(size) for size in (0, 999, 14_000, 14_500_000, 14_483_464_192)]
    assert sizes == ["0 B", "999 B", "14 kB", "14.5 MB", "14.5 GB"]
