"""Who must go away: when the queue is full, and when the time is over. No test waits for a real clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel, load_model
from model_server.engine.request import SamplingParameters, TextDelta
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.sequence import Sequence
from model_server.errors import RequestTimedOut, ServerBusy
from model_server.settings import ServerSettings
from tests.model_server.engines import collect, greedy, wait_until
from tests.model_server.fakes import CountingExecutor

TIMEOUT_SECONDS = 10
PROMPT = (40, 41)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def sequence(deadline_seconds: float = 1000.0) -> Sequence:
    return Sequence(PROMPT, SamplingParameters(max_tokens=50, temperature=0), deadline_seconds)


def scheduler_with(queue_limit: int | None, slots: int = 2) -> Scheduler:
    executor = CountingExecutor(slots=slots, extends_prefix=True)
    return Scheduler(executor, sample, frozenset({2}), queue_limit=queue_limit)


@pytest.mark.parametrize("queue_limit", [0, 1, 5])
def test_as_many_may_wait_as_the_limit_says_besides_those_in_slots(queue_limit: int) -> None:
    scheduler = scheduler_with(queue_limit)
    for _ in range(2 + queue_limit):
        scheduler.add(sequence())
    with pytest.raises(ServerBusy):
        scheduler.add(sequence())
    scheduler.step()
    assert (len(scheduler.running), len(scheduler.waiting)) == (2, queue_limit)
    with pytest.raises(ServerBusy):
        scheduler.add(sequence())
    scheduler.finish(scheduler.running[0], None)
    scheduler.add(sequence())


def test_without_a_limit_everybody_may_wait() -> None:
    scheduler = scheduler_with(None)
    for _ in range(500):
        scheduler.add(sequence())
    assert len(scheduler.waiting) == 500


def test_the_limit_is_that_of_the_settings(settings: ServerSettings) -> None:
    scheduler = load_model(replace(settings, slots=1, queue_limit=1)).scheduler
    for _ in range(2):
        scheduler.add(sequence())
    with pytest.raises(ServerBusy):
        scheduler.add(sequence())


def test_a_deadline_ends_a_sequence_wherever_it_is_and_frees_its_slot() -> None:
    scheduler = Scheduler(CountingExecutor(extends_prefix=True), sample, frozenset({2}), prefill_tokens_per_round=10)
    running, waiting, patient = sequence(5.0), sequence(5.0), sequence(5.1)
    prefilling = Sequence(tuple(range(3, 40)), SamplingParameters(), 5.0)
    for one in (running, prefilling, waiting, patient):
        scheduler.add(one)
    for _ in range(3):
        scheduler.step()
    assert (len(running.tokens), prefilling.computed_length, waiting.slot) == (4, 10, None)
    assert scheduler.expire(4.9) == []
    assert set(scheduler.expire(5.0)) == {running, prefilling, waiting}
    assert (scheduler.running, scheduler.waiting) == ([], [patient])
    scheduler.step()
    assert scheduler.running == [patient]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def engine(
    settings: ServerSettings,
    executor: CountingExecutor,
    load_counting: Callable[[ServerSettings], LoadedModel],
    clock: Clock,
) -> AsyncIterator[Engine]:
    """An engine of two slots, which is held before each call until the gate is opened."""
    settings = replace(settings, queue_limit=1, request_timeout_seconds=TIMEOUT_SECONDS)
    engine = Engine(settings, load_counting, clock)
    engine.start()
    await wait_until(lambda: engine.state is EngineState.READY)
    executor.is_gated = True
    yield engine
    executor.is_gated = False
    executor.gate.release(1000)
    await engine.stop()


async def test_a_full_queue_is_said_at_once_and_the_others_are_served(
    engine: Engine, executor: CountingExecutor
) -> None:
    tasks = [asyncio.create_task(collect(engine, greedy(PROMPT, 3))) for _ in range(4)]
    await wait_until(lambda: bool(executor.calls))
    executor.is_gated = False
    executor.gate.release()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [tuple, tuple, tuple, ServerBusy]
    assert isinstance(results[3], ServerBusy)
    assert results[3].retry_after_seconds == 1
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert engine.stream_count == 0


async def test_a_running_answer_ends_at_its_deadline_and_its_slot_is_used_in_the_same_step(
    engine: Engine, executor: CountingExecutor, clock: Clock
) -> None:
    text = ""
    async with aclosing(engine.stream(greedy(PROMPT, 200))) as events:
        first = asyncio.ensure_future(anext(events))
        await wait_until(lambda: len(executor.calls) == 1)
        clock.seconds += 1
        others = [asyncio.create_task(collect(engine, greedy((first_token, 5), 3))) for first_token in (60, 70)]
        executor.gate.release()
        await first
        executor.gate.release(2)
        await wait_until(lambda: executor.calls == ["prefill 0", "decode [0]", "prefill 1", "decode [0, 1]"])
        clock.seconds += TIMEOUT_SECONDS - 1  # both slots are taken, and one request waits
        executor.gate.release()
        with pytest.raises(RequestTimedOut):
            async for event in events:
                assert isinstance(event, TextDelta)
                text += event.text
    await wait_until(lambda: executor.calls[4:] == ["prefill 0"])
    assert text  # what had come is kept
    executor.is_gated = False
    executor.gate.release()
    assert [end.usage.completion_tokens for _, end in await asyncio.gather(*others)] == [3, 3]


async def test_a_waiting_request_ends_at_its_deadline_before_anything_was_computed(
    engine: Engine, executor: CountingExecutor, clock: Clock
) -> None:
    running = [asyncio.create_task(collect(engine, greedy(PROMPT, 3))) for _ in range(2)]
    await wait_until(lambda: bool(executor.calls))
    waiting = asyncio.create_task(collect(engine, greedy((90, 91), 3)))
    await asyncio.sleep(0)
    clock.seconds += TIMEOUT_SECONDS
    executor.is_gated = False
    executor.gate.release()
    with pytest.raises(RequestTimedOut):
        await waiting
    for task in running:
        with pytest.raises(RequestTimedOut):
            await task
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert not any(91 in tokens for tokens in executor.contents.values())
