"""Failures are counted for each address, and forgotten in time."""

from app.access.throttle import FAILURES, WINDOW_SECONDS, LoginThrottle


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def fail(throttle: LoginThrottle, address: str, times: int = FAILURES) -> None:
    for _ in range(times):
        throttle.failed(address)


def test_an_address_waits_after_so_many_failures_and_another_does_not() -> None:
    throttle = LoginThrottle(Clock())
    fail(throttle, "192.0.2.1", FAILURES - 1)
    assert throttle.wait_seconds("192.0.2.1") == 0
    throttle.failed("192.0.2.1")
    assert throttle.wait_seconds("192.0.2.1") == WINDOW_SECONDS
    assert throttle.wait_seconds("192.0.2.2") == 0


def test_it_may_try_again_when_the_first_failure_is_old_enough() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    throttle.failed("192.0.2.1")
    clock.seconds = 10
    fail(throttle, "192.0.2.1", FAILURES - 1)
    assert throttle.wait_seconds("192.0.2.1") == WINDOW_SECONDS - 10
    clock.seconds = WINDOW_SECONDS
    assert throttle.wait_seconds("192.0.2.1") == 0
    throttle.failed("192.0.2.1")
    assert throttle.wait_seconds("192.0.2.1") == 10


def test_an_ipv6_network_is_one_address_and_a_mapped_address_is_itself() -> None:
    throttle = LoginThrottle(Clock())
    fail(throttle, "2001:db8::1")
    assert throttle.wait_seconds("2001:db8::ffff:2") > 0
    assert throttle.wait_seconds("2001:db8:0:1::1") == 0
    fail(throttle, "::ffff:192.0.2.1")
    assert throttle.wait_seconds("192.0.2.1") > 0
    assert throttle.wait_seconds("::ffff:192.0.2.2") == 0


def test_what_is_remembered_is_bounded() -> None:
    throttle = LoginThrottle(Clock())
    fail(throttle, "192.0.2.1")
    for number in range(10_000):
        throttle.failed(f"name-{number}")
    assert throttle.wait_seconds("192.0.2.1") == 0
