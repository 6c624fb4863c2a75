from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_server.engine.slots import SlotPool, shared_length
from model_server.errors import InternalError


def tokens(*ids: int) -> array[int]:
    return array("q", ids)


NEW = tokens(1, 500, 501)


def pool_of(*contents: array[int]) -> SlotPool:
    """Return a pool whose slots were used in their order and hold `contents`."""
    pool = SlotPool(len(contents))
    for _ in contents:
        pool.acquire(tokens(9))
    for slot, content in enumerate(contents):
        pool.release(slot, content)
    return pool


def test_of_slots_that_hold_nothing_the_lowest_comes_first() -> None:
    pool = SlotPool(3)
    assert [pool.acquire(NEW) for _ in range(3)] == [(0, 0), (1, 0), (2, 0)]
    pool.release(2, tokens())
    pool.release(0, tokens())
    assert (pool.acquire(NEW), pool.free_count) == ((0, 0), 1)


def test_no_slot_is_given_or_released_twice() -> None:
    pool = SlotPool(1)
    with pytest.raises(InternalError):
        pool.release(0, tokens())
    pool.acquire(NEW)
    with pytest.raises(InternalError):
        pool.acquire(NEW)


def test_the_longest_common_prefix_wins() -> None:
    pool = pool_of(tokens(1, 2, 3), tokens(1, 2, 3, 4, 5), tokens(1, 2, 3, 4))
    assert pool.acquire(tokens(1, 2, 3, 4, 5, 6)) == (1, 5)
    assert pool.acquire(tokens(1, 2, 3, 4, 5, 6)) == (2, 4)


def test_of_equal_prefixes_the_least_recently_used_one_goes() -> None:
    pool = pool_of(tokens(1, 2, 3), tokens(1, 2, 3))
    pool.release(pool.acquire(tokens(1, 2, 3, 4))[0], tokens(1, 2, 3))
    assert pool.acquire(tokens(1, 2, 3, 4)) == (1, 3)


def test_a_few_common_tokens_do_not_cost_another_chat_its_slot() -> None:
    long = tokens(*range(1, 100))
    pool = pool_of(long, tokens())
    assert pool.acquire(tokens(1, 2, 3, 777)) == (1, 0)
    assert pool.acquire(tokens(*range(1, 110))) == (0, 99)


def test_half_of_what_a_slot_holds_is_worth_keeping() -> None:
    assert pool_of(tokens(1, 2, 3, 4), tokens()).acquire(tokens(1, 2, 8, 9)) == (0, 2)
    assert pool_of(tokens(1, 2, 3, 4, 5), tokens()).acquire(tokens(1, 2, 8, 9)) == (1, 0)


def test_a_prompt_that_is_asked_again_is_found_however_long_its_answer_was() -> None:
    assert pool_of(tokens(*range(1, 100)), tokens()).acquire(tokens(1, 2, 3)) == (0, 3)


def test_where_nothing_is_empty_or_worth_keeping_the_least_recently_used_slot_goes() -> None:
    pool = pool_of(tokens(*range(1, 9)), tokens(*range(11, 19)))
    pool.release(pool.acquire(tokens(*range(1, 12)))[0], tokens(*range(1, 12)))
    assert pool.acquire(tokens(1, 2, 500)) == (1, 0)
    assert pool.acquire(tokens(1, 2, 500)) == (0, 2)  # what it shares is used even so


def test_what_is_forgotten_is_not_found() -> None:
    pool = pool_of(tokens(1, 2, 3), tokens(4, 5, 6))
    pool.forget()
    assert pool.acquire(tokens(4, 5, 6, 7)) == (0, 0)


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_the_shared_length_is_that_of_the_common_prefix(common: list[int], first: list[int], second: list[int]) -> None:
    one, other = tokens(*common, *first), tokens(*common, *second)
    length = shared_length(one, other)
    assert length >= len(common)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]
