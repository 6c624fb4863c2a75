"""Slows down the guessing of passwords: so many failures from one address, and then it has to wait."""

import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

FAILURES = 5
WINDOW_SECONDS = 60.0
# Of the addresses that failed last; a guesser with more of them than this would not be slowed by any such count.
_ADDRESSES = 10_000
_IPV6_NETWORK_BITS = 64  # what one customer of a provider has at the least


class LoginThrottle:
    """Counts failures only: who logs in is not slowed, and does not clear the count of whoever guesses beside them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._clock = clock

    def wait_seconds(self, address: str) -> int:
        """How long this address may not try, in whole seconds; 0: it may."""
        failures = self._failures.get(_network(address))
        if failures is None or len(failures) < FAILURES:
            return 0
        return max(0, math.ceil(failures[0] + WINDOW_SECONDS - self._clock()))

    def failed(self, address: str) -> None:
        failures = self._failures.setdefault(_network(address), deque(maxlen=FAILURES))
        failures.append(self._clock())
        self._failures.move_to_end(_network(address))
        if len(self._failures) > _ADDRESSES:
            self._failures.popitem(last=False)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a socket that has no address
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))
