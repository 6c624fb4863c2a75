"""Cutting a call of a real boto3 client, over TLS and without, in every phase that it can be in."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError

from app.backends.blocking import iterate_in_thread
from app.backends.sagemaker import aws
from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.connections import Line, make_cuttable
from app.backends.sagemaker.invocations import Invocation, streamed_answer, whole_answer
from tests.app.backends.sagemaker.silent_server import Phase, SilentServer, silent_server, write_certificate

PATIENCE_SECONDS = 30
TRIES = 5
INVOCATION = Invocation("chat", None, b"{}", accepts_eula=False)
BODY = b'{"generated_text":"Hello"}'
THREAD = "the call that is cut"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "certificate.pem")


def use(server: SilentServer, certificate: Path | None, monkeypatch: pytest.MonkeyPatch) -> AwsClients:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    if certificate:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    clients = AwsClients(None)
    clients.runtime()
    return clients


def answer_pieces(clients: AwsClients, *, is_streamed: bool = True) -> AsyncGenerator[bytes]:
    line = Line()
    call = streamed_answer if is_streamed else whole_answer
    return iterate_in_thread(partial(call, clients, INVOCATION, line), line.cut, THREAD)


async def seconds_until_left(clients: AwsClients, server: SilentServer, phase: Phase, *, is_streamed: bool) -> float:
    """From the cancelling of a call in that phase to the server's seeing its end."""
    server.reached.clear()
    server.left.clear()
    pieces = answer_pieces(clients, is_streamed=is_streamed)
    async with asyncio.timeout(PATIENCE_SECONDS):
        if phase in (Phase.SILENT, Phase.FLOWING) and is_streamed:
            assert await anext(pieces)
        reading = asyncio.create_task(anext(pieces))
        await server.reached.wait()
        if phase is not Phase.FLOWING:
            await asyncio.sleep(0)
            assert not reading.done()
        started = time.monotonic()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await pieces.aclose()
        await server.left.wait()
    assert THREAD not in {thread.name for thread in threading.enumerate() if thread.is_alive()} or await ended()
    return server.left_seconds - started


async def ended() -> bool:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while THREAD in {thread.name for thread in threading.enumerate()}:
            await asyncio.sleep(0.001)
    return True


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("phase", Phase)
async def test_a_cut_call_closes_its_connection_within_100_ms(
    phase: Phase, is_secure: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if phase is Phase.CONNECTING and not is_secure:
        phase = Phase.WAITING  # without TLS nothing is waited for in between
    used = certificate if is_secure else None
    async with silent_server(phase, used) as server:
        clients = use(server, used, monkeypatch)
        tries = [await seconds_until_left(clients, server, phase, is_streamed=True) for _ in range(TRIES)]
        await clients.aclose()
    assert min(tries) < 0.1


async def test_a_call_for_a_whole_answer_can_be_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for phase in (Phase.WAITING, Phase.SILENT):
        async with silent_server(phase) as server:
            clients = use(server, None, monkeypatch)
            tries = [await seconds_until_left(clients, server, phase, is_streamed=False) for _ in range(TRIES)]
            await clients.aclose()
        assert min(tries) < 0.1


def test_a_cut_line_never_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        line = Line()
        line.cut()
        with pytest.raises(EndpointConnectionError):
            next(streamed_answer(AwsClients(None), INVOCATION, line))
        with pytest.raises(BlockingIOError):
            listener.accept()


@contextmanager
def unanswered() -> Iterator[str]:
    """The address of a full backlog, which leaves the client's first packet unanswered, as a firewall does."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_connection_that_is_not_answered_can_be_cut_before_its_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    with unanswered() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        clients = AwsClients(None)
        clients.runtime()
        assert min(seconds_to_cut(clients) for _ in range(TRIES)) < 0.1


def test_a_connection_that_is_not_answered_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "_RUNTIME", aws._RUNTIME.merge(Config(connect_timeout=0.2)))
    with unanswered() as url, pytest.raises(ConnectTimeoutError):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        next(whole_answer(AwsClients(None), INVOCATION, Line()))


def seconds_to_cut(clients: AwsClients) -> float:
    line, failures = Line(), []

    def call() -> None:
        try:
            next(streamed_answer(clients, INVOCATION, line))
        except EndpointConnectionError as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while line._socket is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)  # into connect(), which nothing tells
    started = time.monotonic()
    line.cut()
    thread.join(PATIENCE_SECONDS)
    assert len(failures) == 1
    return time.monotonic() - started


def test_a_line_cut_after_its_call_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    with line.in_use():
        pass
    line.cut()


def test_a_kept_connection_is_the_next_calls_to_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool hands a connection on; cutting the call that had it before must not reach the one that has it now."""
    asked = threading.Semaphore(0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        server = threading.Thread(target=answer_on_one_connection, args=(listener, asked, 2))
        server.start()
        clients, lines = AwsClients(None), [Line() for _ in range(3)]
        for line in lines[:2]:
            assert list(whole_answer(clients, INVOCATION, line)) == [BODY]
            line.cut()
            asked.acquire()
        caller = threading.Thread(target=fail_to_call, args=(clients, lines[2]))
        caller.start()
        assert asked.acquire(timeout=PATIENCE_SECONDS)
        lines[2].cut()
        for thread in (caller, server):
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()


def fail_to_call(clients: AwsClients, line: Line) -> None:
    with pytest.raises(ConnectionClosedError):
        next(whole_answer(clients, INVOCATION, line))


def answer_on_one_connection(listener: socket.socket, asked: threading.Semaphore, answers: int) -> None:
    """So many answers, then silence until the client goes."""
    connection, _ = listener.accept()
    with connection:
        while request := connection.recv(65536):
            while not request.endswith(INVOCATION.body):
                request += connection.recv(65536)
            asked.release()
            if answers:
                answers -= 1
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                connection.sendall(head.encode() % len(BODY) + BODY)


class _Moved:
    """A client of some later botocore, that keeps its pools elsewhere."""

    class _endpoint:  # noqa: N801
        class http_session:  # noqa: N801
            _pool_classes_by_scheme: dict[str, type] = {}  # noqa: RUF012


def test_a_botocore_that_keeps_its_pools_elsewhere_is_noticed() -> None:
    with pytest.raises(RuntimeError):
        make_cuttable(_Moved)


def test_this_botocores_connections_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = AwsClients(None).runtime()._endpoint.http_session._manager
    for url in ("http://127.0.0.1:1", "https://127.0.0.1:1"):
        assert manager.connection_from_url(url).ConnectionCls.__module__ == make_cuttable.__module__


async def test_pieces_of_one_stream_arrive_as_they_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with silent_server(Phase.SILENT) as server:
        clients = use(server, None, monkeypatch)
        async with aclosing(answer_pieces(clients)) as pieces, asyncio.timeout(PATIENCE_SECONDS):
            assert (await anext(pieces)).startswith(b"data:")
