"""Everything at once: random arrivals, shared prefixes, pieces, reuse, cancels. No answer changes, no slot is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from random import Random

import torch

from model_server.engine.engine import Engine, EngineState
from model_server.engine.model import LoadedModel
from model_server.engine.request import Finished, GenerationRequest
from model_server.engine.sampling import sample
from model_server.engine.scheduler import Scheduler
from model_server.engine.tokenizer import Tokenizer
from model_server.executors.base import Executor
from model_server.executors.torch.executor import load_torch_executor
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint
from tests.model_server.engines import collect, greedy, wait_until
from tests.model_server.fakes import CountingExecutor, WholePromptExecutor

PREFILL_TOKENS = 32  # so that most prompts are read in pieces


@asynccontextmanager
async def running_engine(settings: ServerSettings, tokenizer: Tokenizer, executor: Executor) -> AsyncIterator[Engine]:
    scheduler = Scheduler(executor, sample, frozenset({2}), prefill_tokens_per_round=PREFILL_TOKENS)
    engine = Engine(settings, lambda _: LoadedModel(tokenizer, executor, scheduler))
    engine.start()
    await wait_until(lambda: engine.state is EngineState.READY)
    yield engine
    await wait_until(lambda: not scheduler.has_work)
    assert engine.stream_count == 0
    assert scheduler.free_slots == executor.capabilities.slots
    await engine.stop()


def random_requests(random: Random, count: int) -> list[GenerationRequest]:
    beginnings = [tuple(random.randrange(3, 349) for _ in range(random.randint(1, 120))) for _ in range(8)]
    requests = []
    for _ in range(count):
        beginning = random.choice(beginnings)
        prompt = (*beginning, *(random.randrange(3, 349) for _ in range(random.randint(1, 30))))
        requests.append(greedy(prompt, random.randint(1, 40)))
        beginnings[random.randrange(8)] = prompt[:150]
    return requests


async def ask(
    engine: Engine, request: GenerationRequest, arrival: int, leaves_after: int | None
) -> tuple[str, Finished | None]:
    """Ask after so many turns of the event loop; return the text, and the end unless this client left before."""
    for _ in range(arrival):
        await asyncio.sleep(0)
    text = ""
    async with aclosing(engine.stream(request)) as events:
        count = 0
        async for event in events:
            if isinstance(event, Finished):
                return text, event
            text += event.text
            count += 1
            if count == leaves_after:
                return text, None
    raise AssertionError("the stream ended without an end")


async def test_two_hundred_random_requests_are_answered_as_if_each_were_alone(
    settings: ServerSettings, tokenizer: Tokenizer
) -> None:
    """The same tokens exactly: of the 3,948 choices, the closest is 6e-4 apart, and company changes logits by 1e-5."""

    def executor() -> Executor:
        return load_torch_executor(open_checkpoint(settings.model_dir), 4, 300, 1, number_format=torch.float32)

    random = Random(3)
    requests = random_requests(random, 200)
    async with running_engine(settings, tokenizer, executor()) as engine:
        leaving = [random.choice([None, None, random.randint(1, 9)]) for _ in requests]
        tasks = [
            asyncio.create_task(ask(engine, request, random.randrange(4000), leaves_after))
            for request, leaves_after in zip(requests, leaving, strict=True)
        ]
        for task in random.sample(tasks, 20):
            asyncio.get_running_loop().call_later(random.random(), task.cancel)
        together = await asyncio.gather(*tasks, return_exceptions=True)
    async with running_engine(settings, tokenizer, WholePromptExecutor(executor())) as engine:
        alone = [await collect(engine, request) for request in requests]
    finished = reused = 0
    for answer, (text, end) in zip(together, alone, strict=True):
        if isinstance(answer, BaseException):
            assert isinstance(answer, asyncio.CancelledError)
        elif answer[1] is None:
            assert text.startswith(answer[0])
        else:
            assert answer == (text, replace(end, usage=replace(end.usage, cached_tokens=answer[1].usage.cached_tokens)))
            finished += 1
            reused += answer[1].usage.cached_tokens
    assert finished > 100
    assert reused > 1000


async def test_a_thousand_disconnects_leave_no_slot_behind_and_change_no_other_answer(
    settings: ServerSettings, tokenizer: Tokenizer
) -> None:
    random = Random(4)
    executor = CountingExecutor(slots=8, extends_prefix=True)
    async with running_engine(settings, tokenizer, executor) as engine:

        async def stay(first: int) -> None:
            for _ in range(20):
                text, end = await collect(engine, greedy((first, first + 1), 10))
                assert text == b"".join(tokenizer.pieces[first + 2 + index] for index in range(10)).decode()
                assert end.usage.completion_tokens == 10

        async def leave() -> None:
            prompt = tuple(random.randrange(3, 250) for _ in range(random.randint(2, 100)))
            asking = asyncio.create_task(ask(engine, greedy(prompt, 150), random.randrange(2000), random.randint(1, 5)))
            if random.random() < 0.5:
                asyncio.get_running_loop().call_later(random.random(), asking.cancel)
            await asyncio.gather(asking, return_exceptions=True)

        await asyncio.gather(*(stay(first) for first in (20, 40, 60)), *(leave() for _ in range(1000)))
    assert len(executor.prefills) > 500
