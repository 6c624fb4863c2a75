"""botocore's connections, so made that another thread can cut the one in use: while it connects, waits or is silent.

botocore gives no way to end a call from outside before its response has begun. Here every connection hands a duplicate
of its socket to the `Line` of the thread that uses it; shutting the duplicate down ends whatever that thread waits for,
TLS or not, and being a duplicate it can never name a socket that somebody else has opened since.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

_thread = threading.local()


class Line:
    """What one call speaks through. `cut` may come from any thread at any time, also before there is a socket."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Around everything that the calling thread does with the connection."""
        _thread.line = self
        try:
            yield
        finally:
            _thread.line = None
            self._replace(None)

    def hold(self, connection_socket: socket.socket) -> None:
        """Raises ConnectionAbortedError where the line was cut before."""
        self._replace(socket.socket(fileno=os.dup(connection_socket.fileno())))
        self.check()

    def check(self) -> None:
        """Raises ConnectionAbortedError where the line was cut. A socket that is not connected yet cannot show it."""
        if self._is_cut:
            raise ConnectionAbortedError("nobody waits for this call any more")

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                with suppress(OSError):  # not connected yet, or not any more
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _replace(self, held: socket.socket | None) -> None:
        with self._lock:
            former, self._socket = self._socket, held
        if former is not None:
            former.close()


def make_cuttable(client: Any) -> None:
    """Gives a boto3 client these connections. botocore has no public place for that: its versions are pinned."""
    pools = {"http": _HttpPool, "https": _HttpsPool}
    session = client._endpoint.http_session
    if session._pool_classes_by_scheme.keys() != pools.keys():
        raise RuntimeError("this botocore keeps its connection pools elsewhere")
    session._pool_classes_by_scheme.update(pools)


def _current_line() -> Line | None:
    return getattr(_thread, "line", None)


class _Cuttable:
    """Over urllib3's HTTPConnection, whose names these are."""

    host: str
    port: int
    _dns_host: str
    timeout: float | None
    sock: socket.socket | None
    socket_options: list[tuple[int, int, int]] | None

    def _new_conn(self) -> socket.socket:
        try:
            return self._connected()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"no connection to {self.host} in {self.timeout} s") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection to {self.host}: {error}") from error  # type: ignore[arg-type]

    def _connected(self) -> socket.socket:
        """As urllib3 connects, but the line has the socket before that, because connecting can take seconds."""
        line = _current_line()
        failure = OSError("the name has no address")
        host = self._dns_host.strip("[]")  # brackets of IPv6
        for family, kind, protocol, _, address in socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM):
            opened = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    opened.setsockopt(*option)
                opened.settimeout(self.timeout)
                if line is not None:
                    line.hold(opened)
                opened.connect(address)
                if line is not None:
                    line.check()
            except OSError as error:
                opened.close()
                failure = error
            else:
                return opened
        raise failure

    def request(self, *arguments: Any, **options: Any) -> None:
        line = _current_line()
        if line is not None and self.sock is not None:  # connected by an earlier call
            line.hold(self.sock)
        super().request(*arguments, **options)  # type: ignore[misc]


class _HttpConnection(_Cuttable, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _HttpsConnection(_Cuttable, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _HttpPool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _HttpConnection


class _HttpsPool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _HttpsConnection
