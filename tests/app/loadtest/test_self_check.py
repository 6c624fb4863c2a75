"""The generator against the null server: that all tokens come and their times are read. How fast, it says itself."""

import pytest

from app.loadtest import self_check
from app.loadtest.self_check import check_generator, measure_generator


async def test_every_token_of_every_stream_arrives() -> None:
    figures = await measure_generator(0.0, streams=16, tokens=32)
    assert figures.tokens_per_second > 0
    assert figures.cpu_seconds_per_token > 0


async def test_tokens_on_a_schedule_are_noticed_after_they_were_sent() -> None:
    figures = await measure_generator(0.01, streams=4, tokens=10)
    assert figures.tokens_per_second < 4 / 0.01
    assert 0 <= figures.late_p50_seconds <= figures.late_p99_seconds
    assert 0 <= figures.sent_late_p99_seconds <= figures.late_p99_seconds


async def test_both_figures_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STREAMS", "_TOKENS", "_TRIES"):
        monkeypatch.setattr(self_check, name, 2)
    said = await check_generator()
    assert "2 streams" in said
    assert "as fast as it can: " in said
    assert "ms (p99) after it was due" in said
