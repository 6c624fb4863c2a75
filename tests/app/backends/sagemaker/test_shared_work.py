"""Work that many wait for."""

import asyncio

import pytest

from app.backends.sagemaker.shared_work import SharedWork


async def test_work_is_done_once_for_all_who_wait_and_again_afterwards() -> None:
    shared: SharedWork[int] = SharedWork()
    done = 0

    async def work() -> int:
        nonlocal done
        await asyncio.sleep(0)
        done += 1
        return done

    assert await asyncio.gather(*(shared.result("a", work) for _ in range(5))) == [1] * 5
    assert await shared.result("a", work) == 2


async def test_different_keys_are_different_work() -> None:
    shared: SharedWork[str] = SharedWork()

    async def first() -> str:
        return "first"

    async def second() -> str:
        return "second"

    results = await asyncio.gather(shared.result("a", first), shared.result("b", second))
    assert list(results) == ["first", "second"]


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    shared: SharedWork[int] = SharedWork()

    async def fail() -> int:
        raise LookupError

    failures = await asyncio.gather(*(shared.result("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(failure) for failure in failures] == [LookupError] * 3
    with pytest.raises(LookupError):
        await shared.result("a", fail)


async def test_who_leaves_stops_no_other() -> None:
    shared: SharedWork[str] = SharedWork()
    gate = asyncio.Event()

    async def work() -> str:
        await gate.wait()
        return "done"

    first, second = (asyncio.create_task(shared.result("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    gate.set()
    assert await second == "done"


async def test_closing_ends_what_is_under_way() -> None:
    shared: SharedWork[bool] = SharedWork()
    waiter = asyncio.create_task(shared.result("a", asyncio.Event().wait))
    await asyncio.sleep(0)
    await shared.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiter
