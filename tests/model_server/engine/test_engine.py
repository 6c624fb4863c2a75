from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.engine.request import FinishReason, GenerationRequest, TextDelta, Usage
from model_server.errors import (
    ConfigurationError,
    ContextLengthExceeded,
    GenerationFailed,
    InvalidRequest,
    ModelFailed,
    ModelLoading,
    ServerStopping,
)
from model_server.settings import ServerSettings
from tests.model_server.engines import collect, greedy, wait_until
from tests.model_server.fakes import CountingExecutor

FIRST = 40  # an ordinary token


def spelled(engine: Engine, *tokens: int) -> str:
    return b"".join(engine.tokenizer.pieces[token] for token in tokens).decode()


async def test_a_stream_is_text_and_then_one_end(engine: Engine) -> None:
    text, end = await collect(engine, greedy((FIRST, FIRST + 1), 3))
    assert text == spelled(engine, FIRST + 2, FIRST + 3, FIRST + 4)
    assert (end.reason, end.usage) == (FinishReason.LENGTH, Usage(2, 3))


async def test_many_streams_at_once_each_get_their_own_text(engine: Engine) -> None:
    firsts = range(10, 90, 8)
    results = await asyncio.gather(*(collect(engine, greedy((first, first + 1), 5)) for first in firsts))
    for first, (text, _) in zip(firsts, results, strict=True):
        assert text == spelled(engine, *range(first + 2, first + 7))


async def test_a_stop_string_ends_the_answer_and_frees_the_slot_in_the_same_step(
    engine: Engine, executor: CountingExecutor
) -> None:
    stop = spelled(engine, FIRST + 3)
    text, end = await collect(engine, greedy((FIRST, FIRST + 1), 50, stop=(stop,)))
    assert (text, end.reason) == (spelled(engine, FIRST + 2), FinishReason.STOP)
    assert executor.calls == ["prefill 0", "decode [0]"]


async def test_a_stop_string_in_the_last_token_that_is_allowed_ends_the_answer_rather_than_its_length(
    engine: Engine,
) -> None:
    request = greedy((FIRST, FIRST + 1), 2, stop=(spelled(engine, FIRST + 3),))
    text, end = await collect(engine, request)
    assert (text, end.reason, end.is_stop_string) == (spelled(engine, FIRST + 2), FinishReason.STOP, True)


@pytest.mark.parametrize(("ignores_end_token", "count"), [(False, 2), (True, 5)])
async def test_the_end_token_can_be_ignored_and_is_never_text(
    engine: Engine, ignores_end_token: bool, count: int
) -> None:
    """After 0 comes 1, then 2, which is the end token."""
    sampling = replace(greedy((), 5).sampling, ignores_end_token=ignores_end_token)
    text, end = await collect(engine, GenerationRequest((FIRST, 0), sampling))
    assert (end.usage.completion_tokens, end.is_stop_string) == (count, False)
    assert end.reason is (FinishReason.LENGTH if ignores_end_token else FinishReason.STOP)
    assert text == spelled(engine, 3, 4, 5)[: 100 if ignores_end_token else 0]


async def test_a_stop_string_ends_an_answer_that_ignores_the_end_token(engine: Engine) -> None:
    sampling = replace(greedy((), 200, (spelled(engine, FIRST),)).sampling, ignores_end_token=True)
    _, end = await collect(engine, GenerationRequest((FIRST, 0), sampling))
    assert (end.usage.completion_tokens, end.is_stop_string) == (FIRST, True)


async def test_a_message_does_not_begin_with_the_templates_space(engine: Engine) -> None:
    space = engine.tokenizer.encode_prompt(" ", add_begin_token=False)[0]
    request = greedy((5, space - 1), 2)
    as_text, _ = await collect(engine, request)
    as_message, _ = await collect(engine, GenerationRequest(request.prompt, request.sampling, is_message=True))
    assert as_text == " " + as_message


async def test_a_cancelled_stream_frees_its_slot(engine: Engine, executor: CountingExecutor) -> None:
    async with aclosing(engine.stream(greedy((FIRST, FIRST + 1), 290))) as events:
        await anext(events)
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert len(executor.calls) < 290


async def test_a_cancel_takes_effect_before_the_next_step(engine: Engine, executor: CountingExecutor) -> None:
    executor.is_gated = True
    stream = engine.stream(greedy((FIRST, FIRST + 1), 290))
    first = asyncio.ensure_future(anext(stream))
    executor.gate.release()
    assert isinstance(await first, TextDelta)
    await wait_until(lambda: executor.calls == ["prefill 0", "decode [0]"])  # the thread is held in this decode
    await stream.aclose()
    executor.gate.release(10)
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert executor.calls == ["prefill 0", "decode [0]"]


async def test_a_cancelled_stream_that_waits_for_a_slot_is_never_computed(
    engine: Engine, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    running = [asyncio.create_task(collect(engine, greedy((FIRST, FIRST + 1), 3))) for _ in range(2)]
    await wait_until(lambda: bool(executor.calls))
    waiting = asyncio.create_task(collect(engine, greedy((90, 91), 3)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    executor.is_gated = False
    executor.gate.release(10)
    await asyncio.gather(*running)
    await wait_until(lambda: not engine.model.scheduler.has_work)
    assert not any(91 in tokens for tokens in executor.contents.values())


async def test_a_failed_step_fails_its_streams_and_the_engine_goes_on(
    engine: Engine, executor: CountingExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    executor.failures = 1
    with pytest.raises(GenerationFailed):
        await collect(engine, greedy((FIRST, FIRST + 1), 3))
    _, end = await collect(engine, greedy((FIRST, FIRST + 1), 3))
    assert end.usage.completion_tokens == 3
    assert "A step failed" in caplog.text


async def test_a_failed_step_makes_the_slots_forget_what_they_hold(engine: Engine, executor: CountingExecutor) -> None:
    request = greedy((FIRST, FIRST + 1), 3)
    cached = [(await collect(engine, request))[1].usage.cached_tokens for _ in range(2)]
    executor.failures = 1
    with pytest.raises(GenerationFailed):
        await collect(engine, greedy((90, 91), 3))
    cached.append((await collect(engine, request))[1].usage.cached_tokens)
    assert cached == [0, 1, 0]


async def test_a_failed_step_leaves_no_slot_behind_and_spares_those_that_wait(
    engine: Engine, executor: CountingExecutor
) -> None:
    executor.is_gated = True
    tasks = [asyncio.create_task(collect(engine, greedy((FIRST, FIRST + 1), 4))) for _ in range(3)]
    await wait_until(lambda: bool(executor.calls))
    executor.failures = 1
    executor.is_gated = False
    executor.gate.release()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, GenerationFailed) for result in results].count(True) >= 1
    assert not isinstance(results[2], BaseException)
    assert not engine.model.scheduler.has_work


async def test_a_prompt_that_does_not_fit_is_refused_before_anything_is_computed(
    engine: Engine, executor: CountingExecutor
) -> None:
    with pytest.raises(ContextLengthExceeded):
        await collect(engine, greedy(tuple(range(10, 200)), 111))
    with pytest.raises(InvalidRequest, match="empty"):
        await collect(engine, greedy((1,), 5))
    assert executor.calls == []


async def test_the_longest_answer_that_fits_is_made(engine: Engine) -> None:
    _, end = await collect(engine, greedy(tuple(range(10, 200)), 110))
    assert end.usage.prompt_tokens + end.usage.completion_tokens == 300


async def test_stopping_ends_open_streams_with_an_error(engine: Engine, executor: CountingExecutor) -> None:
    executor.is_gated = True
    streaming = asyncio.create_task(collect(engine, greedy((FIRST, FIRST + 1), 50)))
    await wait_until(lambda: bool(executor.calls))
    stopping = asyncio.create_task(engine.stop())
    with pytest.raises(ServerStopping):
        await streaming
    executor.gate.release()
    await stopping
    assert executor.is_closed
    with pytest.raises(ServerStopping):
        await collect(engine, greedy((FIRST, FIRST + 1), 5))


async def test_while_it_loads_requests_are_told_to_come_back(
    settings: ServerSettings, load_counting: Callable[[ServerSettings], LoadedModel]
) -> None:
    engine = Engine(settings, load_counting)
    with pytest.raises(ModelLoading) as caught:
        await collect(engine, greedy((FIRST, FIRST + 1), 5))
    assert caught.value.retry_after_seconds == 1


@pytest.mark.parametrize("error", [ConfigurationError("The checkpoint is damaged."), RuntimeError("unforeseen")])
async def test_a_model_that_cannot_be_loaded_is_said_and_logged(
    settings: ServerSettings, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(settings: ServerSettings) -> LoadedModel:
        raise error

    engine = Engine(settings, fail)
    engine.start()
    await wait_until(lambda: engine.state is EngineState.FAILED)
    with pytest.raises(ModelFailed):
        engine.require_ready()
    assert str(error) in caplog.text
    await engine.stop()
