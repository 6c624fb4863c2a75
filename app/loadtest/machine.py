"""On what it runs: processor, cores and versions. No names of people, hosts or folders."""

import os
import platform
from importlib import metadata
from pathlib import Path

_PROCESSOR_DESCRIPTION = Path("/proc/cpuinfo")


def describe_generator() -> dict[str, str]:
    """The machine that asks; where the model is built in, that which answers too."""
    return {
        "processor": _processor(),
        "cores": str(_core_count()),
        "system": platform.system(),
        "python": platform.python_version(),
        "httpx": metadata.version("httpx"),
    }


def _core_count() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    if _PROCESSOR_DESCRIPTION.is_file():
        for line in _PROCESSOR_DESCRIPTION.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
