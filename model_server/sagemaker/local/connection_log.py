"""What the server has seen: requests and connections, so that a test can wait for what a client has done to them.

Written on the server's event loop, read from any thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition

from model_server.sagemaker.local.http_connection import HttpRequest


class ConnectionLog:
    def __init__(self) -> None:
        self._changed = Condition()
        self.requests: list[HttpRequest] = []
        self.open_count = 0
        self.answering_count = 0  # requests whose answer is not complete
        self.broken_off_seconds: list[float] = []  # when clients went in the middle of an answer, by time.monotonic()

    def opened(self) -> None:
        with self._changed:
            self.open_count += 1

    def closed(self) -> None:
        with self._changed:
            self.open_count -= 1
            self._changed.notify_all()

    def asked(self, request: HttpRequest) -> None:
        with self._changed:
            self.requests.append(request)
            self.answering_count += 1
            self._changed.notify_all()

    def answered(self, *, is_broken_off: bool) -> None:
        with self._changed:
            if is_broken_off:
                self.broken_off_seconds.append(time.monotonic())
            self.answering_count -= 1
            self._changed.notify_all()

    def wait_for_requests(self, count: int, timeout_seconds: float = 30) -> None:
        """Return when so many have been asked since the beginning; raise TimeoutError."""
        self._wait(lambda: len(self.requests) >= count, timeout_seconds)

    def wait_until_idle(self, timeout_seconds: float = 30) -> None:
        """Return when no answer is being written; raise TimeoutError."""
        self._wait(lambda: not self.answering_count, timeout_seconds)

    def wait_until_broken_off(self, count: int = 1, timeout_seconds: float = 30) -> float:
        """Return when the last of so many clients had gone in the middle of an answer; raise TimeoutError."""
        self._wait(lambda: len(self.broken_off_seconds) >= count, timeout_seconds)
        return self.broken_off_seconds[count - 1]

    def wait_until_closed(self, kept: int = 0, timeout_seconds: float = 30) -> None:
        """Return when no more connections are open than clients keep for their next request; raise TimeoutError."""
        self._wait(lambda: self.open_count <= kept, timeout_seconds)

    def _wait(self, condition: Callable[[], bool], timeout_seconds: float) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout_seconds):
                raise TimeoutError("the clients of the local SageMaker did not do what was waited for")
