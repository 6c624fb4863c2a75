"""A relay in front of a server on loopback: passes bytes on, notes what ranges were asked for, and cuts once."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """`cut_after_bytes`: after so many bytes of one answer the connection ends, once."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.cut_after_bytes: int | None = None
        self.ranges: list[str] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for origin, destination, is_answer in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pass_on, args=(origin, destination, is_answer), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, origin: socket.socket, destination: socket.socket, is_answer: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := origin.recv(65536):
                if not is_answer:
                    self.ranges += [match.decode() for match in re.findall(rb"(?im)^range: bytes=(.*)-\r$", data)]
                elif self.cut_after_bytes is not None and passed + len(data) > self.cut_after_bytes:
                    destination.sendall(data[: self.cut_after_bytes - passed])
                    self.cut_after_bytes = None
                    break
                destination.sendall(data)
                passed += len(data)
        for connection in (origin, destination):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@contextmanager
def running_relay(target: tuple[str, int]) -> Iterator[Relay]:
    relay = Relay(target)
    thread = threading.Thread(target=relay.accept)
    thread.start()
    try:
        yield relay
    finally:
        relay.close()
        thread.join()
