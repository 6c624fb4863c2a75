"""On what the figures were made: processor, cores, versions, date. No names of people, hosts or folders."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

PROCESSOR_DESCRIPTION = Path("/proc/cpuinfo")
PACKAGES = ("torch", "ray", "uvicorn")


def core_count() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_machine() -> dict[str, str]:
    """Return what a reader has to know in order to compare, as names and values."""
    return {
        "processor": _processor(),
        "cores": str(core_count()),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def version_of_peer(python: Path, package: str) -> str:
    """Return the version of a package in the peers' environment, "?" where it cannot be told."""
    code = f"from importlib import metadata; print(metadata.version({package!r}))"
    try:
        result = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "?"
    return result.stdout.strip()


def version_of_llama(binary: str) -> str:
    """Return what llama-server says that it is, "?" where it does not."""
    try:
        result = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    lines = [line for line in (result.stderr + result.stdout).splitlines() if line.startswith("version:")]
    return lines[0].removeprefix("version:").strip() if lines else "?"


def _processor() -> str:
    if PROCESSOR_DESCRIPTION.is_file():
        for line in PROCESSOR_DESCRIPTION.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
