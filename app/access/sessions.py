"""Who is logged in: random tokens, in the memory of this process. A restart therefore logs everybody out."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

LIFETIME_SECONDS = 7 * 24 * 3600
_LIMIT = 10_000  # then the oldest is logged out


class Sessions:
    """Tokens cannot be guessed, so a look-up by hash tells nobody anything."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._ends: OrderedDict[str, float] = OrderedDict()  # in the order in which they end
        self._clock = clock

    def begin(self) -> str:
        token = secrets.token_urlsafe(32)
        self._ends[token] = self._clock() + LIFETIME_SECONDS
        if len(self._ends) > _LIMIT:
            self._ends.popitem(last=False)
        return token

    def is_open(self, token: str) -> bool:
        return self._ends.get(token, 0) > self._clock()

    def end(self, token: str) -> None:
        self._ends.pop(token, None)
