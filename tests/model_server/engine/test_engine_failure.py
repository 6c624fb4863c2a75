from __future__ import annotations

import pytest

from model_server.engine.engine import FAILED_STEPS, Engine, EngineState
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


async def test_an_engine_whose_every_step_fails_gives_up_so_that_it_is_replaced(
    engine: Engine, executor: CountingExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("the device is gone")

    monkeypatch.setattr(executor, "prefill", fail)
    for failures in range(1, FAILED_STEPS + 1):
        with pytest.raises(GenerationFailed):
            await collect(engine, greedy((40, 41), 5))
        if failures < FAILED_STEPS:
            assert engine.state is EngineState.READY
    await wait_until(lambda: engine.state is EngineState.FAILED)


async def test_failures_with_a_success_between_them_do_not_add_up(
    engine: Engine, executor: CountingExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("a poisonous request")

    for _ in range(FAILED_STEPS):
        with monkeypatch.context() as broken:
            broken.setattr(executor, "prefill", fail)
            with pytest.raises(GenerationFailed):
                await collect(engine, greedy((40, 41), 5))
        await collect(engine, greedy((40, 41), 2))
    assert engine.state is EngineState.READY
