"""Which device, which number format and how many threads torch is to use. Does not load anything."""

from __future__ import annotations

import os
from pathlib import Path

import torch

PROCESSOR_DESCRIPTION = Path("/proc/cpuinfo")
MAXIMUM_THREADS = 8  # more do not pay for models small enough to be served by a CPU
SMALL_MODEL_PARAMETERS = 16_000_000
FAST_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


def choose_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_number_format(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device computes with it, else float32: emulated bfloat16 is slower than float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if FAST_BFLOAT16_FLAGS & _processor_flags() else torch.float32


def choose_threads(parameters: int) -> int:
    """Return how many threads pay for a model of so many parameters.

    Threads wait for each other many times in every step. On two quiet cores, two are faster than one by a third for
    31 million parameters; but where something else wants a core, as a browser does, the waiting makes a small model
    hundreds of times slower (3 against 650 tokens per second), and it gains next to nothing from a second thread.
    """
    if parameters < SMALL_MODEL_PARAMETERS:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAXIMUM_THREADS)


def _processor_flags() -> frozenset[str]:
    if not PROCESSOR_DESCRIPTION.is_file():
        return frozenset()
    for line in PROCESSOR_DESCRIPTION.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("flags"):
            return frozenset(line.split())
    return frozenset()
