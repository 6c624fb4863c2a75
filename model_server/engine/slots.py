"""Which slots of the executor are free, and what their caches still hold from the answers before.

The next turn of a chat begins with all that its last turn left behind: it takes that slot and computes only the rest.
Every prompt begins with the same few tokens, though, so a slot is taken for its prefix only where that pays: where it
holds the whole prompt, or keeps at least half of what it holds. Everything else takes a slot that holds nothing, the
lowest first so that live slots stay neighbours, which is faster; and where there is none, the least recently used one.
"""

from __future__ import annotations

from array import array
from itertools import compress, count
from operator import ne

from model_server.errors import InternalError


class SlotPool:
    def __init__(self, slots: int) -> None:
        self._free = {slot: array("q") for slot in range(slots)}  # what each holds; the least recently used one first

    @property
    def free_count(self) -> int:
        return len(self._free)

    def acquire(self, prompt: array[int]) -> tuple[int, int]:
        """Return a free slot and how many of the first tokens of `prompt` it holds; raise InternalError without one."""
        if not self._free:
            raise InternalError("no slot is free")
        shared = {slot: shared_length(contents, prompt) for slot, contents in self._free.items()}
        slot = self._choose(shared, len(prompt))
        del self._free[slot]
        return slot, shared[slot]

    def release(self, slot: int, contents: array[int]) -> None:
        """Take a slot back; `contents` are the tokens that its cache holds, from position 0."""
        if slot in self._free:
            raise InternalError(f"slot {slot} was released twice")
        self._free[slot] = contents

    def forget(self) -> None:
        """Free slots hold nothing any more."""
        self._free = {slot: array("q") for slot in self._free}

    def _choose(self, shared: dict[int, int], prompt_length: int) -> int:
        paying = [slot for slot in shared if self._pays(slot, shared[slot], prompt_length)]
        if paying:
            return max(paying, key=shared.__getitem__)  # of equals the first: the least recently used
        empty = [slot for slot, contents in self._free.items() if not contents]
        return min(empty) if empty else next(iter(self._free))

    def _pays(self, slot: int, shared: int, prompt_length: int) -> bool:
        return shared > 0 and (shared == prompt_length or 2 * shared >= len(self._free[slot]))


def shared_length(first: array[int], second: array[int]) -> int:
    """Return how many tokens both begin with."""
    different = compress(count(), map(ne, first, second))
    return next(different, min(len(first), len(second)))
