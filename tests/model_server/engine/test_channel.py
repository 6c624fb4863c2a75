from __future__ import annotations

import asyncio

from model_server.engine.channel import Channel
from model_server.engine.request import Finished, FinishReason, TextDelta, Usage

END = Finished(FinishReason.STOP, Usage(1, 2))


async def test_what_has_arrived_is_joined_and_the_end_comes_last() -> None:
    channel = Channel()
    channel.put([TextDelta("a")])
    channel.put([TextDelta("b"), END])
    assert await channel.take() == [TextDelta("ab"), END]


async def test_a_reader_that_waits_gets_every_event_at_once() -> None:
    channel = Channel()
    taking = asyncio.create_task(channel.take())
    await asyncio.sleep(0)
    channel.put([TextDelta("a")])
    assert await taking == [TextDelta("a")]


async def test_an_end_without_text_is_alone() -> None:
    channel = Channel()
    channel.put([END])
    assert await channel.take() == [END]


async def test_a_step_without_text_wakes_nobody_up_in_vain() -> None:
    channel = Channel()
    channel.put([])
    taking = asyncio.create_task(channel.take())
    await asyncio.sleep(0)
    assert not taking.done()
    channel.put([TextDelta("a")])
    assert await taking == [TextDelta("a")]
