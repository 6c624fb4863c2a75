from __future__ import annotations

import pytest

from model_server.engine.engine import Engine, EngineState
from model_server.errors import GenerationFailed, ModelFailed
from tests.model_server.engines import collect, greedy, wait_until
from tests.model_server.fakes import CountingExecutor


async def test_an_engine_that_fails_outside_a_step_ends_what_is_open_and_says_so(
    engine: Engine, executor: CountingExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: object) -> None:
        if executor.calls:  # an answer is being made
            raise RuntimeError("not foreseen")

    monkeypatch.setattr(engine, "_expire", fail)
    with pytest.raises(GenerationFailed):
        await collect(engine, greedy((40, 41), 50))
    await wait_until(lambda: engine.state is EngineState.FAILED)
    with pytest.raises(ModelFailed):
        await collect(engine, greedy((40, 41), 50))
