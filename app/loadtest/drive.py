"""When chats begin: each user's after the last one, or at random. Knows neither backend nor words."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from app.loadtest.arrivals import poisson_arrivals
from app.loadtest.plan import Length, Load, Rate, Rounds, Seconds, Users

# Holds one chat that was due at that time of the loop's clock; returns how many seconds its user then stays away.
Chat = Callable[[float], Awaitable[float]]


async def drive(load: Load, length: Length, chat: Chat, source: Random) -> None:
    """Returns when all chats have ended. The first error of a chat ends all others and is raised, in a group."""
    match load, length:
        case Users(count), _:
            await _drive_users(count, length, chat)
        case Rate(per_second), Seconds(seconds):
            await _drive_arrivals(per_second, seconds, chat, source)
        case _:
            raise ValueError("a plan has no rounds at a rate")


async def _drive_users(users: int, length: Length, chat: Chat) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()

    async def use() -> None:
        rounds = 0
        while rounds < length.count if isinstance(length, Rounds) else clock() - began < length.seconds:
            if pause_seconds := await chat(clock()):
                await asyncio.sleep(pause_seconds)
            rounds += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(users):
            group.create_task(use())


async def _drive_arrivals(per_second: float, seconds: float, chat: Chat, source: Random) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.TaskGroup() as group:
        for after_seconds in poisson_arrivals(per_second, seconds, source):
            await asyncio.sleep(max(0.0, began + after_seconds - clock()))
            group.create_task(_discard_pause(chat(began + after_seconds)))


async def _discard_pause(chat: Awaitable[float]) -> None:
    await chat
