"""One server at a time, as a subprocess: started, awaited, its costs read, and ended with all that it has started.

Costs come from /proc; where there is none they are not told.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from model_server.bench.errors import BenchError

START_SECONDS = 180.0
END_SECONDS = 15.0
POLL_SECONDS = 0.05
LONGEST_EXCERPT = 1500
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Costs:
    """What a process and all its descendants have used: processor time, and memory with shared pages divided."""

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers on a port of the loopback interface."""

    port: int
    process: subprocess.Popen[bytes]

    def costs(self) -> Costs | None:
        """Return what the server has used until now, where the system tells it."""
        if not (PROC / "self" / "stat").exists():
            return None
        family = descendants(self.process.pid)
        return Costs(sum(map(_cpu_seconds, family)), sum(map(_memory_bytes, family)))


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], port: int, ready_path: str, log: Path
) -> Iterator[RunningServer]:
    """Yield the server when it is ready; end it afterwards, whatever happens. What it says goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # a session of its own: Ctrl-C reaches us alone, and we end the server in order
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port, ready_path, log)
        yield RunningServer(port, process)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its descendants: politely, then for certain."""
    family = {pid: _started(pid) for pid in descendants(process.pid)}
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid, started in family.items():
        if started and _started(pid) == started:  # not another process that got the number since
            _kill(pid)


def descendants(root: int) -> list[int]:
    """Return the process and all that it has started, directly or not; the process alone where /proc is missing."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*"):
        fields = _stat(int(path.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(path.name))
    family = [root]
    for pid in family:
        family.extend(children.get(pid, []))
    return family


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port, path):
        if process.poll() is not None:
            raise BenchError(f"The server ended before it was ready:\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise BenchError(f"The server was not ready after {START_SECONDS:.0f} s:\n{_end_of(log)}")
        time.sleep(POLL_SECONDS)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-LONGEST_EXCERPT:].strip()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on (see proc_pid_stat(5)); none where it has ended."""
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
    except OSError:
        return []


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _memory_bytes(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
